// A process of its own that reads a database over several connections and writes it to standard output as a dump in
// compressed frames. What to do is the first line of standard input; behind it comes the structure, as the dump program
// writes it. It reports on descriptor 3, one JSON line at a time.
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { messageOf } from "../../domain/errors.ts";
import { connect } from "./client.ts";
import { binlogComment, binlogPosition } from "./parallel-binlog.ts";
import { FoundRanges } from "./parallel-found.ts";
import { LockRefused, underLock } from "./parallel-lock.ts";
import type { ParallelJob, ParallelReport } from "./parallel-messages.ts";
import { splitStructure } from "./parallel-structure.ts";
import { ReadingThreads } from "./parallel-threads.ts";
import { SectionWriter } from "./parallel-writer.ts";
import { ReadError } from "./row-error.ts";

const everyMilliseconds = 150;
let reported = 0;

// Threads put standard output into a mode in which only a stream can write to it; its errors come to each write as well.
const output = new Socket({ fd: 1, readable: false, writable: true }).on("error", () => {});
const input: AsyncIterator<Buffer> = process.stdin[Symbol.asyncIterator]();
try {
  const { job, rest } = await readJob();
  if (job.dump) await dump(job, job.dump, rest);
  else await sums(job);
  process.exit();
} catch (error) {
  report({ kind: "failed", errno: error instanceof ReadError ? error.errno : 0, message: messageOf(error) });
  process.exit(1);
}

async function dump(job: ParallelJob, { packing, methods, binlog }: NonNullable<ParallelJob["dump"]>, first: Buffer): Promise<void> {
  const opened = await openShared(job, methods);
  if (opened === null) return;
  const { threads, snapshot } = opened;
  report({ kind: "snapshot", snapshot });
  const position = binlog ? await binlogPosition(threads) : null;
  const writer = new SectionWriter(packing, writeOut);
  const structure = rest(first).then((text) => splitStructure(text, true, position ? binlogComment(position) : ""));
  const begun = structure.then(async ({ before, after }) => {
    if (job.tables.length > 0 && after.at(-1)?.table !== null) throw new Error("The dump program wrote the structure in an unknown form");
    for (const { table, bytes } of before) await writer.text(table, bytes);
  });
  const found = new FoundRanges(job);
  const read = threads.read(found.jobs, {
    frame: async ({ table, packed, size, rows }) => {
      await begun;
      if (packed) await writer.rows(table, Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength), size, rows);
      reportProgress(writer.bytes, table);
    },
    range: (range, sums) => found.add(range, sums),
  });
  const [{ after, facts }] = await Promise.all([structure, begun, read]);
  for (const { table, bytes } of after) await writer.text(table, bytes);
  report({ kind: "done", result: { facts, sections: await writer.finish(), tables: found.tables, binlog: position, bytes: writer.bytes } });
}

async function sums(job: ParallelJob): Promise<void> {
  const threads = await ReadingThreads.start(job);
  const found = new FoundRanges(job);
  let bytes = 0;
  const frame = ({ table, size }: { readonly table: string; readonly size: number }) => {
    bytes += size;
    reportProgress(bytes, table);
    return null;
  };
  await threads.read(found.jobs, { frame, range: (range, sums) => found.add(range, sums) });
  report({ kind: "sums", tables: found.tables });
}

/** Connects, and lets all connections see one state of the database; null where that was not to be had, which is reported. */
async function openShared(job: ParallelJob, methods: NonNullable<ParallelJob["dump"]>["methods"]) {
  try {
    const threads = await ReadingThreads.start(job);
    const control = await connect(job.connection);
    const tables = job.tables.map(({ name }) => name);
    const lock = await underLock({ session: control, tables, methods, open: () => threads.snapshot() });
    control.destroy();
    return { threads, snapshot: { ...lock, connections: threads.size } };
  } catch (error) {
    report({ kind: "refused", reason: error instanceof LockRefused ? error.message : `No snapshot could be shared: ${messageOf(error)}` });
    return null;
  }
}

async function readJob(): Promise<{ job: ParallelJob; rest: Buffer }> {
  const pieces: Buffer[] = [];
  for (;;) {
    const { value, done } = await input.next();
    if (done) throw new Error("There is no job on standard input");
    pieces.push(value);
    if (!value.includes(0x0a)) continue;
    const all = Buffer.concat(pieces);
    const end = all.indexOf(0x0a);
    return { job: JSON.parse(all.toString("utf8", 0, end)) as ParallelJob, rest: all.subarray(end + 1) };
  }
}

async function rest(first: Buffer): Promise<Buffer> {
  const pieces = [first];
  for (let step = await input.next(); !step.done; step = await input.next()) pieces.push(step.value);
  return Buffer.concat(pieces);
}

function reportProgress(bytes: number, item: string): void {
  const now = Date.now();
  if (now - reported < everyMilliseconds) return;
  reported = now;
  report({ kind: "progress", bytes, item });
}

function report(line: ParallelReport): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);
}

/** Resolves when the bytes are given away: whoever reads them may be slower than the dump. */
function writeOut(bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  output.write(bytes, (error) => (error ? reject(error) : resolve()));
  return promise;
}
