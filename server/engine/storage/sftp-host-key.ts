import type { Algorithms, ServerHostKeyAlgorithm } from "ssh2";
import { publicKeyOf, type SshKeyType, type SshPublicKey } from "../../domain/ssh-key.ts";
import { orAbort } from "../abortable.ts";
import { notSsh, serverName, unreachable } from "./sftp-errors.ts";

/** The host key that a server shows. */
export interface ShownHostKey {
  /** A line as in known_hosts: type and key. */
  readonly hostKey: string;
  readonly type: string;
  /** `SHA256:…` as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

/**
 * The host key that an SSH server shows first, the best of its kinds. Nothing is signed in. Any address may be asked, as servers in the
 * same house are the usual case: only administrators may have it called.
 */
export async function readHostKey(host: string, port: number, signal: AbortSignal): Promise<ShownHostKey> {
  const server = serverName({ host, port });
  const ssh2 = await import("ssh2");
  const client = new ssh2.default.Client();
  const { promise, resolve, reject } = Promise.withResolvers<SshPublicKey>();
  client.on("error", (error: Error) => reject("code" in error ? unreachable(server, error) : notSsh(server, error)));
  client.once("close", () => reject(notSsh(server, new Error("The server ended the connection."))));
  const options = {
    host,
    port,
    username: "holdfast",
    readyTimeout: 0,
    algorithms: algorithmsOf(null),
    // Refused whatever it is: the key is all that is wanted.
    hostVerifier: (key: Buffer) => {
      const shown = publicKeyOf(key);
      if (shown) resolve(shown);
      return false;
    },
  };
  try {
    client.connect(options);
    const { line, type, fingerprint } = await orAbort(promise, signal);
    return { hostKey: line, type, fingerprint };
  } catch (error) {
    if (signal.aborted) throw unreachable(server, Object.assign(new Error("late"), { code: "ETIMEDOUT" }));
    throw error;
  } finally {
    client.destroy();
  }
}

/** What is offered to a server: of host keys the pinned kind alone, so that it does not show another one of its keys. */
export const algorithmsOf = (pinned: SshPublicKey | null): Algorithms => ({
  serverHostKey: pinned ? signatures[pinned.type] : Object.values(signatures).flat(),
  // Bytes come compressed already.
  compress: ["none"],
});

const signatures: Readonly<Record<SshKeyType, ServerHostKeyAlgorithm[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};
