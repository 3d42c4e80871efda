// A thread that writes unpacked files. Its calls wait for the disk, which takes a third of what promises take for a small file.
import { closeSync, fchmodSync, fchownSync, futimesSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { parentPort } from "node:worker_threads";
import { errnoOf } from "../storage/disk.ts";
import type { FilePart, WriteAnswer, WriteOrder } from "./file-parts.ts";

if (!parentPort) throw new Error("This runs as a worker thread only");
const port = parentPort;

/** Of the file whose next part is to come. */
let open: number | null = null;

port.on("message", ({ slab, parts }: WriteOrder) =>
  port.postMessage({ slab, failed: writeAll(slab, parts) } satisfies WriteAnswer, [slab]),
);

function writeAll(slab: ArrayBuffer, parts: readonly FilePart[]): WriteAnswer["failed"] {
  let at = 0;
  try {
    for (; at < parts.length; at += 1) write(parts[at] as FilePart, slab);
    return null;
  } catch (error) {
    const code = errnoOf(error);
    if (!code || !(error instanceof Error && "syscall" in error)) throw error;
    return { part: at, code, syscall: String(error.syscall), message: error.message };
  }
}

function write({ path, from, length, first, last }: FilePart, slab: ArrayBuffer): void {
  if (first) {
    if (open !== null) closeSync(open);
    open = openNew(path);
  }
  if (open === null) return;
  const bytes = new Uint8Array(slab, from, length);
  for (let written = 0; written < length; ) written += writeSync(open, bytes, written);
  if (!last) return;
  if (last.owner) fchownSync(open, last.owner.uid, last.owner.gid);
  fchmodSync(open, last.mode);
  futimesSync(open, last.mtime, last.mtime);
  closeSync(open);
  open = null;
}

/** Makes the folders above it when they are missing: not every archive names them, or names them first. */
function openNew(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    return openSync(path, "wx", 0o600);
  }
}
