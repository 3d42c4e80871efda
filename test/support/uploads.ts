import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectFile } from "../../server/engine/upload/inspect-file.ts";
import type { UploadedFile } from "../../server/engine/upload/uploaded-file.ts";

const signal = new AbortController().signal;

/** A folder that goes with `await using`. */
export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), "holdfast-uploads-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A file with these bytes, inspected as an upload is, but in this process. */
export async function inspected(folder: string, filename: string, bytes: Buffer | string, roomBytes = 1e12): Promise<UploadedFile> {
  const path = join(folder, `${Math.random().toString(16).slice(2)}.upload`);
  await writeFile(path, bytes);
  return { path, filename, inspection: await inspectFile(path, roomBytes, signal) };
}
