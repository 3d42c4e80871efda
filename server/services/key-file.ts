import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure, messageOf } from "../domain/errors.ts";

const keyBytes = 32;

export type MasterKeys = readonly [Buffer, ...Buffer[]];

/**
 * The keys of the key file: a line for each with its 32 bytes as base64, the current one first. Lines that begin with # are for
 * people. Where the file is absent and `mayCreate`, it is made with mode 0600 and one key; of two processes that do so at
 * once, both get the key of the one that came first. An absent, unreadable or damaged file is KEY_MISSING.
 */
export async function readOrMakeKeys(keyFile: string, mayCreate: boolean): Promise<MasterKeys> {
  const found = await readKeys(keyFile);
  if (found) return found;
  if (!mayCreate)
    throw new Failure(
      "KEY_MISSING",
      `The key file ${keyFile} is not there, and the catalog holds secrets or backups that were sealed with it.`,
      "Put the key file back, or point HOLDFAST_KEY_FILE at it; its line stands in the recovery kit. No new key is made, since it could not open them.",
    );
  await makeFile(keyFile);
  const made = await readKeys(keyFile);
  if (made) return made;
  throw unusable(keyFile, "it vanished as soon as it was made");
}

/** The keys as the file has them at this moment; null when it cannot be read or used. */
export function readKeysAtOnce(keyFile: string): MasterKeys | null {
  try {
    return parseKeys(keyFile, readFileSync(keyFile, "utf8"));
  } catch {
    return null;
  }
}

/**
 * Puts a new key before all others. The file is replaced at once, under the same name, owner and rights: whoever reads it
 * finds the old keys or the old ones and the new one.
 */
export async function putKeyInFront(keyFile: string): Promise<void> {
  try {
    // A link, as mounted secrets are, stays one.
    const file = await realpath(keyFile);
    const text = await readFile(file, "utf8");
    parseKeys(keyFile, text);
    await replaceFile(file, `${newLine()}${text}${text.endsWith("\n") ? "" : "\n"}`);
  } catch (error) {
    throw error instanceof Failure ? error : unusable(keyFile, messageOf(error), error);
  }
}

async function readKeys(keyFile: string): Promise<MasterKeys | null> {
  const text = await readFile(keyFile, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw unusable(keyFile, messageOf(error), error);
  });
  return text === null ? null : parseKeys(keyFile, text);
}

function parseKeys(keyFile: string, text: string): MasterKeys {
  const lines = text.split("\n").map((line) => line.trim());
  const [first, ...others] = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const key = Buffer.from(line, "base64");
      if (key.length !== keyBytes || key.toString("base64") !== line)
        throw unusable(keyFile, `line ${lines.indexOf(line) + 1} does not hold 32 bytes as base64`);
      return key;
    });
  if (!first) throw unusable(keyFile, "it holds no key");
  return [first, ...others];
}

const newLine = () => `${randomBytes(keyBytes).toString("base64")}\n`;

/** Linked, not renamed: nobody ever reads half a key, and of several processes only one's link succeeds. */
async function makeFile(keyFile: string): Promise<void> {
  try {
    await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
    await drafted(keyFile, newLine(), (draft) =>
      link(draft, keyFile).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      }),
    );
  } catch (error) {
    throw unusable(keyFile, messageOf(error), error);
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const { uid, gid } = await stat(file);
  await drafted(file, text, (draft) => rename(draft, file), { uid, gid });
}

/** Writes a file whole and durably under a name of its own, and has it put in place. */
async function drafted(file: string, text: string, place: (draft: string) => Promise<void>, owner?: { uid: number; gid: number }) {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(text);
      const made = await handle.stat();
      // Who rotates as root must not take the file away from the account that the server runs as.
      if (owner && (owner.uid !== made.uid || owner.gid !== made.gid)) await handle.chown(owner.uid, owner.gid);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(draft);
    await syncFolder(dirname(file));
  } finally {
    await rm(draft, { force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const unusable = (keyFile: string, why: string, cause?: unknown) =>
  new Failure(
    "KEY_MISSING",
    `The key file ${keyFile} cannot be used: ${why}.`,
    "Put back a copy of the key file, or make it readable for the account that Holdfast runs as.",
    { cause },
  );
