import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure, messageOf } from "../domain/errors.ts";

const keyBytes = 32;

/**
 * The 32 bytes of the key file, which holds them as base64. Where the file is absent and `mayCreate`, it is made with mode 0600;
 * of two processes that do so at once, both get the key of the one that came first.
 * An absent, unreadable or damaged file is KEY_MISSING.
 */
export async function readOrMakeKey(keyFile: string, mayCreate: boolean): Promise<Buffer> {
  const found = await readKey(keyFile);
  if (found) return found;
  if (!mayCreate)
    throw new Failure(
      "KEY_MISSING",
      `The key file ${keyFile} is not there, and the catalog holds secrets that were sealed with it.`,
      "Put the key file back, or point HOLDFAST_KEY_FILE at it. No new key is made, since it could not open those secrets.",
    );
  await makeKey(keyFile);
  const made = await readKey(keyFile);
  if (made) return made;
  throw unusable(keyFile, "it vanished as soon as it was made");
}

async function readKey(keyFile: string): Promise<Buffer | null> {
  const text = await readFile(keyFile, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw unusable(keyFile, messageOf(error), error);
  });
  if (text === null) return null;
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== keyBytes || key.toString("base64") !== text.trim()) throw unusable(keyFile, "it does not hold 32 bytes as base64");
  return key;
}

/** Written whole under a name of its own and then linked: nobody ever reads half a key, and only one process's link succeeds. */
async function makeKey(keyFile: string): Promise<void> {
  const draft = `${keyFile}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(`${randomBytes(keyBytes).toString("base64")}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, keyFile).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    await syncFolder(dirname(keyFile));
  } catch (error) {
    throw unusable(keyFile, messageOf(error), error);
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
