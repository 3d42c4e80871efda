// A process of its own between the dump program and the compressor, so that the server never touches the raw stream: it
// passes standard input on to standard output and reports on descriptor 3, one JSON line at a time.
import { readSync, writeSync } from "node:fs";
import { DumpScan } from "./dump-scan.ts";

const everyMilliseconds = 150;
const scan = new DumpScan({ rowPerLine: process.argv[2] === "row-per-line" });
const buffer = Buffer.allocUnsafe(512 * 1024);
let reported = 0;

for (;;) {
  const length = readSync(0, buffer, 0, buffer.length, null);
  if (length === 0) break;
  const chunk = buffer.subarray(0, length);
  writeAll(1, chunk);
  scan.feed(chunk);
  const now = Date.now();
  if (now - reported < everyMilliseconds) continue;
  reported = now;
  report({ bytes: scan.bytes, item: scan.table });
}
report({ facts: scan.finish() });

function report(line: object): void {
  writeAll(3, Buffer.from(`${JSON.stringify(line)}\n`));
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
