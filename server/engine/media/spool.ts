import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file for a list while it is made, without a name, so nothing of it stays whatever happens. */
export async function openSpool(): Promise<FileHandle> {
  const path = join(tmpdir(), `holdfast-list-${randomUUID()}`);
  const handle = await open(path, "wx+", 0o600);
  await unlink(path);
  return handle;
}
