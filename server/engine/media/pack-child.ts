// A process of its own that packs media folders, so that neither its memory nor its waiting for a disk is the server's: it
// reads what to pack as JSON from standard input, writes the stored archive to standard output and its index to descriptor
// 4, and reports on descriptor 3, one JSON line at a time.
import { writeSync } from "node:fs";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { TarArchive } from "archiver";
import { feed } from "./feed.ts";
import { type Frame, Framing } from "./framing.ts";
import { IndexWriter } from "./index-writer.ts";
import type { PackJob, PackReport } from "./pack-report.ts";
import { Slabs } from "./slabs.ts";
import { Tally } from "./tally.ts";
import { walk } from "./walk.ts";

const everyMilliseconds = 150;
const { roots, exclude, packing } = (await json(process.stdin)) as PackJob;
const archive = new TarArchive({ highWaterMark: 512 * 1024 });
const [tally, index, slabs] = [new Tally(), new IndexWriter(4, packing), new Slabs()];
let [reported, storedSize] = [0, 0];

const framing = new Framing(packing, writeOut, { copied: (chunk) => slabs.back(chunk) });
const found = walk(
  roots.map(({ at }) => at),
  exclude,
);
const prefixes = roots.map(({ prefix }) => prefix);
const [, size] = await Promise.all([pipeline(archive, framing), feed(archive, found, prefixes, tally, index, slabs)]);
if (framing.bytes !== size) throw new Error(`The archive has ${framing.bytes} bytes, its index says ${size}`);
report({ packed: { size, storedSize, indexSize: await index.end(framing.frames), ...tally.summary() } });

/** Through the stream, not the descriptor, which the stream has made one that does not wait. */
async function writeOut({ stored, end }: Frame): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  process.stdout.write(stored, (error) => (error ? reject(error) : resolve()));
  await promise;
  storedSize += stored.length;
  if (Date.now() - reported < everyMilliseconds) return;
  reported = Date.now();
  report({ bytes: end, item: tally.item });
}

function report(line: PackReport): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);
}
