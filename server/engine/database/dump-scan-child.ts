// A process of its own behind the dump program, so that the server never touches the raw stream: it reads the dump from
// standard input, writes it to standard output in compressed frames, and reports on descriptor 3, one JSON line at a time.
// Arguments: row-per-line or any; bytes in a second, 0 for as many as come; then a compression and its level, or nothing where only the report is wanted.
import { readSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { compressions } from "../../../shared/enums.ts";
import { rateLimiter } from "../rate.ts";
import type { ScanReport } from "./dump-report.ts";
import { DumpScan } from "./dump-scan.ts";
import { FrameWriter } from "./frame-writer.ts";

const everyMilliseconds = 150;
const rowPerLine = process.argv[2] === "row-per-line";
const compression = compressions.find((word) => word === process.argv[4]);
// The dump program waits while its pipe is full, and the server while the program does not read.
const { take } = rateLimiter(Number(process.argv[3]) || null);
let reported = 0;
await (compression ? scanAndPack(new FrameWriter({ compression, level: Number(process.argv[5]) }, writeOut)) : scanOnly());

async function scanAndPack(frames: FrameWriter): Promise<void> {
  const scan = new DumpScan({ rowPerLine, cut: (at) => frames.cut(at) });
  for (;;) {
    const room = await frames.room();
    const length = readSync(0, room, 0, room.length, null);
    if (length === 0) break;
    await take(length);
    scan.feed(room.subarray(0, length));
    await frames.filled(length, scan.undecided);
    reportProgress(scan);
  }
  const facts = scan.finish();
  report({ facts, sections: await frames.finish() });
}

async function scanOnly(): Promise<void> {
  const scan = new DumpScan({ rowPerLine });
  const buffer = Buffer.allocUnsafe(512 * 1024);
  for (;;) {
    const length = readSync(0, buffer, 0, buffer.length, null);
    if (length === 0) break;
    await take(length);
    scan.feed(buffer.subarray(0, length));
    reportProgress(scan);
  }
  report({ facts: scan.finish(), sections: [] });
}

function reportProgress({ bytes, table }: DumpScan): void {
  const now = Date.now();
  if (now - reported < everyMilliseconds) return;
  reported = now;
  report({ bytes, item: table });
}

function report(line: ScanReport): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);
}

/** In libuv's pool: whoever reads it may be slower than the dump. */
async function writeOut(bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await promisify(write)(1, bytes, at, bytes.length - at, null)).bytesWritten;
}
