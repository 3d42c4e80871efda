// A thread of the packing child: reads files, makes stretches of the archive of them, and has the pool compress those.
import { parentPort, workerData } from "node:worker_threads";
import { type Run, runsOf } from "../codec/dense.ts";
import { packFrame } from "../codec/frames.ts";
import type { PackedSegment, PackJobOrder, PackOrder, PackSettings } from "./pack-crew.ts";
import { type Segment, Segments } from "./segment.ts";

if (!parentPort) throw new Error("This runs as a worker thread only");
const port = parentPort;
const { prefixes, packing, roomBytes } = workerData as PackSettings;
const plain = packing.compression === "NONE";

/** Stretches that are on their way at most: one is read, two are compressed, one is written. */
const mostUnderWay = 4;
const free: Buffer[] = [];
let [underWay, wake] = [0, () => {}];
let before: Promise<void> = Promise.resolve();
let sent: Promise<void> = Promise.resolve();

port.on("message", (order: PackOrder) => {
  if ("written" in order) {
    underWay -= 1;
    wake();
  } else before = before.then(() => work(order));
});

async function work({ job, found }: PackJobOrder): Promise<void> {
  for await (const segment of new Segments(prefixes, room).of(found)) send(packed(job, segment));
  send({ job, frames: [], entries: [], problems: [], last: true });
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

async function packed(job: number, { bytes, entries, problems }: Segment): Promise<PackedSegment> {
  const frames = await Promise.all(plain ? [{ stored: bytes, size: bytes.length }] : runsOf(bytes).map(frameOf));
  if (!plain) free.push(Buffer.from(bytes.buffer));
  return { job, frames, entries, problems, last: false };
}

const frameOf = async ({ bytes, dense }: Run) => ({ stored: await packFrame(bytes, packing, dense), size: bytes.length });

/** In the order of what was found, whatever is compressed first. A failure of one is that of all after it, and the thread's. */
function send(segment: PackedSegment | Promise<PackedSegment>): void {
  const previous = sent;
  sent = (async () => {
    const [made] = await Promise.all([segment, previous]);
    // The memory itself is handed over, but for what small buffers share with each other.
    const own = made.frames.flatMap(({ stored: { buffer } }) =>
      buffer instanceof ArrayBuffer && buffer.byteLength > shared ? [buffer] : [],
    );
    port.postMessage(made, own);
  })();
}

/** No more than Node's pool. */
const shared = 64 * 1024;
