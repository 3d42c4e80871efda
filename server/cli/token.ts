import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { badInput, Failure } from "../domain/errors.ts";
import { firstLine } from "./asking.ts";

/** The secret in a file, or of the first line of standard input for `-`. */
export async function readToken(file: string | undefined, say: (line: string) => void): Promise<string> {
  if (!file)
    throw badInput(
      "--remote needs --token-file.",
      "Put the secret of an API token alone into a file of mode 0600; - reads it from standard input.",
    );
  const text = file === "-" ? await firstLine() : await read(file, say);
  const token = text.trim();
  if (!/^[\x21-\x7e]{1,500}$/.test(token))
    throw badInput("There is no API token in it.", "The file holds the token's secret and nothing else.");
  return token;
}

async function read(file: string, say: (line: string) => void): Promise<string> {
  try {
    const { mode } = await stat(file);
    if (mode & 0o077) say(`Others on this machine can read ${file}: make it your own with chmod 600.`);
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Failure("BAD_USER_INPUT", `The token file ${file} cannot be read.`, "Name a file that holds an API token's secret.", {
      cause,
    });
  }
}

/** The address of another Holdfast; warns where the token would travel in clear. */
export function remoteAddress(text: string, say: (line: string) => void): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol))
    throw badInput(`${text} is no address of a Holdfast.`, "Write it as https://backup.example.org.");
  if (url.username || url.password) throw badInput("A remote address holds no password.", "The credential is an API token: --token-file.");
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    say(`The token and all answers go to ${url.host} unencrypted: better use https.`);
  url.search = "";
  url.hash = "";
  return url;
}

const isLoopback = (host: string) => host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
