import { createHash } from "node:crypto";
import { Failure } from "../../domain/errors.ts";
import { abortable } from "../abortable.ts";
import { letGo } from "../handed-over.ts";
import type { Storage } from "../storage/storage.ts";

/** A stored file as the manifest tells of it. */
export interface StoredFile {
  readonly name: string;
  readonly storedSize: number;
  readonly sha256: string;
}

/** All bytes of a stored file; the last of them come only when length and checksum are right, else it throws ARTIFACT_CORRUPT. */
export async function* readProved(storage: Storage, folder: string, file: StoredFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const name = `${folder}/${file.name}`;
  const hash = storage.proves?.(name) ? null : createHash("sha256");
  let left = file.storedSize;
  for await (const piece of abortable(await storage.get(name), signal)) {
    hash?.update(piece);
    left -= piece.length;
    if (left < 0) throw altered(file, "it is longer than it was");
    if (left === 0 && hash && hash.digest("hex") !== file.sha256) throw altered(file, "its checksum differs from the manifest's");
    yield piece;
    if (left === 0) break;
  }
  if (left > 0) throw altered(file, "it is cut off");
  const size = await storage.size(name);
  if (size !== null && size !== file.storedSize) throw altered(file, "it is longer than it was");
}

/** Reads all of a stored file, named from the storage's root, and proves it as `readProved` does. */
export async function proveFile(storage: Storage, file: StoredFile, signal: AbortSignal, count: (length: number) => void): Promise<void> {
  const slash = file.name.lastIndexOf("/");
  const named = { ...file, name: file.name.slice(slash + 1) };
  for await (const piece of readProved(storage, file.name.slice(0, slash), named, signal)) {
    count(piece.length);
    letGo(piece);
  }
}

export const altered = ({ name }: Pick<StoredFile, "name">, what: string, cause?: unknown) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `${name} is not what was stored: ${what}.`,
    "Restore another backup, and check the disk that the storage lies on.",
    { cause },
  );
