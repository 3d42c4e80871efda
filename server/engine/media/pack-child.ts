// A process of its own that packs media folders, so that neither its memory nor its waiting for a disk is the server's: it
// reads what to pack as JSON from standard input, writes the stored archive to standard output and its index to descriptor
// 4, and reports on descriptor 3, one JSON line at a time.
import { writeSync } from "node:fs";
import { json } from "node:stream/consumers";
import { threadsOf } from "../../domain/source-load.ts";
import { sealWith } from "../codec/age.ts";
import { keyOfText } from "../codec/age-header.ts";
import { freeFrame, packFrame, rawFrame } from "../codec/frames.ts";
import { freeMemory } from "../memory.ts";
import { lengthOf } from "../pieces.ts";
import { rateLimiter } from "../rate.ts";
import type { FrameSizes } from "./index-line.ts";
import { IndexWriter } from "./index-writer.ts";
import { type PackedFrame, packInThreads } from "./pack-crew.ts";
import type { PackJob, PackReport } from "./pack-report.ts";
import { Tally } from "./tally.ts";
import { walk } from "./walk.ts";

const everyMilliseconds = 150;
/** Uncompressed bytes of a frame: one file of an archive costs at most this much more to read than its own bytes. */
const roomBytes = 4 * 1024 * 1024;
const kinds = { FILE: "file", DIRECTORY: "directory", LINK: "link" } as const;
const endMark = Buffer.alloc(2 * 512);

const { roots, exclude, packing, limits, key } = (await json(process.stdin)) as PackJob;
const [tally, index] = [new Tally(), new IndexWriter(4, packing)];
const frames: FrameSizes[number][] = [];
let [size, storedSize, reported] = [0, 0, 0];

const found = walk(
  roots.map(({ at }) => at),
  exclude,
);
const settings = { prefixes: roots.map(({ prefix }) => prefix), packing, roomBytes, sealed: key !== null };
let insideSize = 0;

let written: Promise<void> = Promise.resolve();
for await (const parts of key ? sealWith(keyOfText(key), archive()) : archive()) {
  await written;
  // The next ones are made while these are written.
  written = writeOut(parts);
}
await written;
const inside = key && { size: insideSize, sha256: null };
report({ packed: { size, storedSize, inside, indexSize: await index.end(frames), ...tally.summary() } });

/** The archive's frames one after the other, each in parts. */
async function* archive(): AsyncGenerator<readonly Uint8Array[], void> {
  let [job, base] = [-1, 0];
  for await (const segment of packInThreads(found, settings, threadsOf(limits), rateLimiter(limits.bytesPerSecond))) {
    if (segment.job !== job) [job, base] = [segment.job, size];
    for (const entry of segment.entries) {
      tally.count(kinds[entry.kind], entry.path);
      index.add({ ...entry, at: entry.at + base, end: entry.end + base });
    }
    for (const { path, problem } of segment.problems) tally.problem(path, problem);
    for (const frame of segment.frames) yield* framed(frame);
    await index.drained();
  }
  yield* framed({ bytes: await packFrame(endMark, packing), size: endMark.length, raw: false });
}

function* framed({ bytes, size: plain, raw }: PackedFrame): Generator<readonly Uint8Array[], void> {
  if (plain === 0) return;
  const parts = raw && packing.compression === "ZSTD" ? rawFrame(bytes) : [bytes];
  const length = lengthOf(parts);
  if (packing.compression !== "NONE") frames.push([length, plain]);
  insideSize += length;
  yield parts;
  size += plain;
  // What is encrypted was read; else it is still to be written.
  if (key && !raw) freeFrame(bytes, packing);
  if (Date.now() - reported < everyMilliseconds) return;
  reported = Date.now();
  report({ bytes: size, item: tally.item });
}

/** Through the stream, not the descriptor, which the stream has made one that does not wait. Frees them when they are written. */
async function writeOut(parts: readonly Uint8Array[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const bytes = lengthOf(parts);
  process.stdout.cork();
  for (const part of parts.slice(0, -1)) process.stdout.write(part);
  process.stdout.write(parts.at(-1) ?? "", (error) => (error ? reject(error) : resolve()));
  process.stdout.uncork();
  await promise;
  storedSize += bytes;
  for (const part of parts)
    if (key) freeMemory(part);
    else freeFrame(part, packing);
}

function report(line: PackReport): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);
}
