// A thread of the packing child: reads files, makes stretches of the archive of them, and compresses those.
import { parentPort, workerData } from "node:worker_threads";
import { type Run, runsOf } from "../codec/dense.ts";
import { packFrame, packFrameNow } from "../codec/frames.ts";
import type { PackedSegment, PackJobOrder, PackOrder, PackSettings } from "./pack-crew.ts";
import { type Segment, Segments } from "./segment.ts";

if (!parentPort) throw new Error("This runs as a worker thread only");
const port = parentPort;
const { prefixes, packing, roomBytes } = workerData as PackSettings;
const plain = packing.compression === "NONE";

/** Stretches that are on their way at most: one is read, one compressed, one written. */
const mostUnderWay = 3;
const free: Buffer[] = [];
let [underWay, wake] = [0, () => {}];
let before: Promise<void> = Promise.resolve();

port.on("message", (order: PackOrder) => {
  if ("written" in order) {
    underWay -= 1;
    wake();
  } else before = before.then(() => work(order));
});

async function work({ job, found }: PackJobOrder): Promise<void> {
  const long = found.some((item) => item.kind === "file" && item.size > roomBytes);
  let passed: Promise<void> = Promise.resolve();
  for await (const segment of new Segments(prefixes, room).of(found)) {
    passed = pass(job, segment, long, passed);
    // Whoever waits for it meets its error; until then it is not unhandled.
    passed.catch(() => {});
  }
  await passed;
  port.postMessage({ job, frames: [], entries: [], problems: [], last: true } satisfies PackedSegment);
}

async function room(): Promise<Buffer> {
  while (underWay >= mostUnderWay) {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    await promise;
  }
  underWay += 1;
  return free.pop() ?? Buffer.allocUnsafeSlow(roomBytes);
}

async function pass(job: number, { bytes, entries, problems }: Segment, long: boolean, previous: Promise<void>): Promise<void> {
  const frames = await Promise.all(plain ? [{ stored: bytes, size: bytes.length }] : runsOf(bytes).map((run) => frameOf(run, long)));
  await previous;
  // The memory itself is handed over, but for what small buffers share with each other.
  const own = frames.flatMap(({ stored: { buffer } }) => (buffer instanceof ArrayBuffer && buffer.byteLength > shared ? [buffer] : []));
  port.postMessage({ job, frames, entries, problems, last: false } satisfies PackedSegment, own);
  if (!plain) free.push(Buffer.from(bytes.buffer));
}

/** Of a long file the pool compresses several frames at once; else each thread has one of its own to do. */
const frameOf = async ({ bytes, dense }: Run, long: boolean) => ({
  stored: long && !dense ? await packFrame(bytes, packing) : packFrameNow(bytes, packing, dense),
  size: bytes.length,
});

/** No more than Node's pool. */
const shared = 64 * 1024;
