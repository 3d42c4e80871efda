// A process of its own that takes an incremental backup of media folders: it reads what to do, and the keys of packs, from standard input,
// sends new packs on the descriptors that it names (messages.ts), writes the list to descriptor 4, reads the list of the backup before from
// descriptor 5, and reports on descriptor 3, one JSON line at a time.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { threadsOf } from "../../../domain/source-load.ts";
import type { KeyText } from "../../codec/age-header.ts";
import { rateLimiter } from "../../rate.ts";
import { Tally } from "../tally.ts";
import { walk } from "../walk.ts";
import { Intake } from "./intake.ts";
import { ListFile } from "./list-codec.ts";
import { ListWriter } from "./list-writer.ts";
import type { IncrementalJob, IncrementalReport } from "./messages.ts";
import { PackOutput } from "./pack-output.ts";
import { Packer } from "./packer.ts";
import { openPrevious } from "./previous.ts";

const everyMilliseconds = 150;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const {
  roots,
  exclude,
  packing,
  limits,
  previous: before,
  encrypted,
  lanes,
} = JSON.parse((await lines.next()).value ?? "") as IncrementalJob;
const prefixes = roots.map(({ prefix }) => prefix);
const previous = await openPrevious(before, 5, prefixes);
const output = new PackOutput({ fds: lanes, encrypted }, previous.packs, () => {
  if (encrypted) report({ needsKey: true });
});
if (encrypted) void takeKeys();
const { chunks, isUsable } = previous;
const packer = new Packer({ table: chunks, output, packing, threads: threadsOf(limits), isUsable });
const [tally, file, limiter] = [new Tally(), new ListFile(4, packing), rateLimiter(limits.bytesPerSecond)];
// Packs are numbered as the list comes to name them, so that it names no others.
const packNumbers = new Map<number, number>();
const packNumber = (pack: number) => packNumbers.get(pack) ?? packNumbers.set(pack, packNumbers.size).size - 1;
const list = new ListWriter({ chunks, packNumber, write: (block) => file.write(block) });
const intake = new Intake({ prefixes, previous, packer, list, tally, limiter, tell });
let reported = 0;

for (const found of walk(
  roots.map(({ at }) => at),
  exclude,
)) {
  if (found.kind === "skipped") tally.problem(found.at, found.problem);
  else {
    const added = intake.add(found);
    if (added) await added;
  }
  if (packer.needsRoom) await packer.room();
  if (file.needsDrain) await file.drained();
  tell();
}
await intake.end();
const { tarSize } = list.end();
await file.end();
report({ packed: { tarSize, listSize: file.size, packNumbers: [...packNumbers.keys()], unchanged: intake.unchanged, ...tally.summary() } });
process.stdin.destroy();

async function takeKeys(): Promise<void> {
  for (let line = await lines.next(); !line.done; line = await lines.next()) output.addKey(JSON.parse(line.value) as KeyText);
}

function tell(): void {
  if (Date.now() - reported < everyMilliseconds) return;
  reported = Date.now();
  report({ bytes: intake.bytes, item: tally.item });
}

function report(line: IncrementalReport): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);
}
