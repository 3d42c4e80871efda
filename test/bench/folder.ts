import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** Bytes of all files in a folder and below it. */
export async function bytesBelow(folder: string): Promise<number> {
  let sum = 0;
  for (const path of await filesBelow(folder)) sum += (await lstat(join(folder, path))).size;
  return sum;
}

/** Each file and folder below a folder: its kind, its rights, its time and what is in it. */
export type Fingerprint = Readonly<Record<string, string>>;

/** Times to the microsecond, which is what a backup keeps; `seconds`: to the second, which is all that a plain tar does. */
export async function fingerprint(folder: string, times: "seconds" | "microseconds"): Promise<Fingerprint> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode, mtimeNs } = await lstat(path, { bigint: true });
    const time = mtimeNs / (times === "seconds" ? 1_000_000_000n : 1000n);
    const is = entry.isFile() ? await sha256Of(path) : "folder";
    found[path.slice(folder.length + 1)] = `${(mode & 0o7777n).toString(8)} ${time} ${is}`;
  }
  return found;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
