import { isIP } from "node:net";
import { Failure } from "./errors.ts";
import { parsePublicKey, privateKeyProblem } from "./ssh-key.ts";
import type { SftpStorageConfig, StorageSecrets } from "./storage.ts";

/** An SFTP storage as somebody enters it. */
export interface SftpStorageRequest {
  readonly host: string;
  readonly port?: number | null;
  readonly user: string;
  readonly hostKey?: string | null;
  readonly directory: string;
}

/**
 * The storage as it will be kept, or BAD_USER_INPUT with the field as its reason. Any address may be named, those of a private network
 * too: a server in the same house is the usual case, and only administrators name storages.
 */
export function checkSftpConfig(request: SftpStorageRequest): SftpStorageConfig {
  const [host, port] = [checkSftpHost(request.host), checkSftpPort(request.port ?? 22)];
  return {
    host,
    port,
    user: checkUser(request.user),
    hostKey: checkHostKey(request.hostKey ?? "", host, port),
    directory: checkDirectory(request.directory),
  };
}

/** The host as it will be kept: a name or an address, without brackets. */
export function checkSftpHost(text: string): string {
  const host = text.trim().replace(/^\[(.*)\]$/, "$1");
  const hint = "For example nas.lan or 192.168.1.20. Port, user and directory have fields of their own.";
  const labels = host.replace(/\.$/, "").split(".");
  const isName =
    host.length <= 253 && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) && !/^[\d.]+$/.test(host);
  if (!isName && isIP(host) === 0) throw refused("HOST", `Host: ${shown(text)} is not the name or the address of a server.`, hint);
  return host;
}

export function checkSftpPort(port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw refused("PORT", "Port: it is a whole number from 1 to 65535.", "SSH servers usually listen on 22.");
  return port;
}

/** The secrets as they will be sealed; either, both or none of them. Nothing of them is in a refusal. */
export function checkSftpSecrets({
  password,
  privateKey,
}: {
  readonly password?: string | null;
  readonly privateKey?: string | null;
}): StorageSecrets {
  if (password && (password.length > 1024 || /[\0\r\n]/.test(password)))
    throw refused("PASSWORD", "Password: it is one line of at most 1,024 characters.");
  if (!privateKey) return password ? { password } : {};
  const problem = privateKey.length > 65_536 ? { message: "That is too long for a private key.", hint: "" } : privateKeyProblem(privateKey);
  if (problem) throw refused("PRIVATE_KEY", `Private key: ${problem.message}`, problem.hint);
  return { ...(password ? { password } : {}), privateKey: `${privateKey.trim().replace(/\r\n/g, "\n")}\n` };
}

const refused = (field: string, message: string, hint?: string) => new Failure("BAD_USER_INPUT", message, hint, { reason: field });
const shown = (text: string) => JSON.stringify(text.slice(0, 120));
const isOneLine = (text: string) => !/\p{Cc}|\p{Zl}|\p{Zp}/u.test(text) && text.isWellFormed();

function checkUser(text: string): string {
  const user = text.trim();
  if (!user || user.length > 128 || !isOneLine(user))
    throw refused("USER", "User: it is one line of 1 to 128 characters.", "The name of the account on the SFTP server.");
  return user;
}

function checkHostKey(text: string, host: string, port: number): string {
  const way = `Read it from the server, or run ssh-keyscan -p ${port} ${host} where you trust the network, and compare the fingerprint there.`;
  if (!text.trim()) throw refused("HOST_KEY", "Host key: without it nobody could tell the server from another.", way);
  const key = parsePublicKey(text);
  if (!key) throw refused("HOST_KEY", "Host key: that is not a public key as known_hosts has it, such as ssh-ed25519 AAAAC3NzaC1…", way);
  return key.line;
}

/** Names below must fit into the 4,096 bytes of a path. */
const longestPath = 2048;

function checkDirectory(text: string): string {
  const wrong = (what: string, hint = "For example /backups/holdfast.") => refused("DIRECTORY", `Directory: ${what}`, hint);
  if (!isOneLine(text)) throw wrong("it holds a line break or another control character.");
  if (!text.startsWith("/")) throw wrong(`${shown(text)} does not begin with a slash.`, "It is an absolute path on the server.");
  const steps = text.split("/").filter((step) => step !== "");
  if (steps.some((step) => step === "." || step === "..")) throw wrong(`${shown(text)} has a step . or ..`);
  if (steps.length === 0) throw wrong("the server's root folder cannot be a storage.", "Choose a folder of its own.");
  const directory = `/${steps.join("/")}`;
  if (Buffer.byteLength(directory) > longestPath) throw wrong(`its path is longer than ${longestPath} bytes.`);
  return directory;
}
