import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Failure } from "../../domain/errors.ts";
import type { Inspection } from "../../domain/inspection.ts";
import { decompressor } from "../codec/decompress.ts";
import { Meter } from "../meter.ts";
import type { Running } from "../part.ts";
import type { Wrapping } from "./detect.ts";
import { type PlaceInTar, packedAs } from "./download-file.ts";

/** An upload that was inspected and that nothing forbids to restore. */
export interface UploadedFile {
  readonly path: string;
  /** What people call it. */
  readonly filename: string;
  readonly inspection: Inspection;
  /** Of a tar of parts, the one that is meant. */
  readonly part?: PlaceInTar & { readonly name: string };
}

const wrappings: Readonly<Record<string, Wrapping>> = { gz: "GZIP", zst: "ZSTD" };
const wrappingOf = ({ inspection, part }: UploadedFile): Wrapping =>
  part ? packedAs(part.name) : (wrappings[inspection.format?.split(".")[1] ?? ""] ?? "NONE");

/** The unpacked bytes; what is not the inspected file any more ends with ARTIFACT_CORRUPT. */
export async function* unpacked(file: UploadedFile, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const [source, meter] = [createReadStream(file.path, { highWaterMark: 256 * 1024 }), new Meter()];
  try {
    const fed = pipeline(source, meter, { signal });
    fed.catch(() => {});
    yield* decompressor(wrappingOf(file), signal)(file.part ? within(meter, file.part) : meter);
    await fed;
    if (meter.digest() !== file.inspection.sha256) throw altered(file.filename);
  } finally {
    source.destroy();
    meter.destroy();
  }
}

/** Of all bytes of a file those of one part; the others are read, too, since the file is proved as a whole. */
async function* within(bytes: AsyncIterable<Uint8Array>, { at, size }: PlaceInTar): AsyncGenerator<Uint8Array, void> {
  let passed = 0;
  for await (const piece of bytes) {
    const [from, to] = [Math.max(at - passed, 0), Math.min(at + size - passed, piece.length)];
    if (from < to) yield piece.subarray(from, to);
    passed += piece.length;
  }
}

/** Reads the whole file, and throws unless it is as it was inspected. */
export async function verifyHash(
  { path, filename, inspection }: UploadedFile,
  { signal, say }: Running,
  observe: (stored: number) => void,
): Promise<void> {
  const meter = new Meter();
  await pipeline(
    createReadStream(path, { highWaterMark: 1024 * 1024 }),
    meter,
    async (bytes: AsyncIterable<Uint8Array>) => {
      for await (const _ of bytes) observe(meter.bytes);
    },
    { signal },
  );
  if (meter.digest() !== inspection.sha256) throw altered(filename);
  say("INFO", `${filename} is whole, and as it was inspected.`);
}

export const altered = (filename: string) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `${filename} is not what was inspected any more.`,
    "Send the file again, and check the disk of Holdfast's home folder.",
  );
