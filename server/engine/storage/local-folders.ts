import { mkdir, open, rmdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { errnoOf } from "./disk.ts";

/** Makes what is missing of `folder`, below a `base` that exists, and makes their names durable. */
export async function makeFolders(base: string, folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => stepByStep(base, folder, error));
  if (!first) return;
  for (let made = folder; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first || made === base) return;
  }
}

/** Node says ENOENT of a read-only file system, too; one step at a time the system's own word comes through. */
async function stepByStep(base: string, folder: string, error: unknown): Promise<undefined> {
  if (errnoOf(error) !== "ENOENT") throw error;
  let step = base;
  for (const name of relative(base, folder).split("/")) {
    step = join(step, name);
    await mkdir(step, { mode: 0o700 }).catch((refused: unknown) => {
      if (errnoOf(refused) !== "EEXIST") throw refused;
    });
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

/** Takes empty folders away, from `folder` up to `base`, which stays. */
export async function removeEmptyFolders(base: string, folder: string): Promise<void> {
  for (let empty = folder; empty.startsWith(`${base}/`); empty = dirname(empty)) {
    try {
      await rmdir(empty);
    } catch (error) {
      // Still in use, or gone already: either way the parents follow the same rule another time.
      if (errnoOf(error) !== "ENOENT") return;
    }
  }
}
