// A thread of the packing child: reads files, makes stretches of the archive of them, and has the pool compress those.
import { parentPort, workerData } from "node:worker_threads";
import { type Run, runsOf } from "../codec/dense.ts";
import { packFrame } from "../codec/frames.ts";
import type { PackedFrame, PackedSegment, PackJobOrder, PackOrder, PackSettings } from "./pack-crew.ts";
import { type Segment, Segments } from "./segment.ts";

if (!parentPort) throw new Error("This runs as a worker thread only");
const port = parentPort;
const { prefixes, packing, roomBytes, sealed } = workerData as PackSettings;
const plain = packing.compression === "NONE";
/** Of gzip there are no frames that cost nothing. */
const lends = sealed && packing.compression !== "GZIP";

/** Stretches that are on their way at most: one is read, two are compressed, one is written. */
const mostUnderWay = 4;
const free: Buffer[] = [];
let [underWay, wake] = [0, () => {}];
let before: Promise<void> = Promise.resolve();
let sent: Promise<void> = Promise.resolve();

port.on("message", (order: PackOrder) => {
  if ("lent" in order) {
    if (order.lent) free.push(Buffer.from(order.lent));
    underWay -= 1;
    wake();
  } else before = before.then(() => work(order));
});

async function work({ job, found }: PackJobOrder): Promise<void> {
  for await (const segment of new Segments(prefixes, room).of(found)) send(packed(job, segment));
  send({ job, frames: [], lent: null, entries: [], problems: [], last: true });
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
  const runs = plain ? [{ bytes, dense: true }] : runsOf(bytes);
  const frames = await Promise.all(runs.map(frameOf));
  const lent = frames.some(({ raw }) => raw);
  if (!lent && !plain) free.push(Buffer.from(bytes.buffer));
  return { job, frames, lent: lent ? (bytes.buffer as ArrayBuffer) : null, entries, problems, last: false };
}

async function frameOf({ bytes, dense }: Run): Promise<PackedFrame> {
  const raw = dense && lends;
  return { bytes: raw ? bytes : await packFrame(bytes, packing, dense), size: bytes.length, raw };
}

/** In the order of what was found, whatever is compressed first. A failure of one is that of all after it, and the thread's. */
function send(segment: PackedSegment | Promise<PackedSegment>): void {
  const previous = sent;
  sent = (async () => {
    const [made] = await Promise.all([segment, previous]);
    // The memory itself is handed over, but for what small buffers share with each other.
    const own = made.frames.flatMap(({ raw, bytes: { buffer } }) =>
      !raw && buffer instanceof ArrayBuffer && buffer.byteLength > shared ? [buffer] : [],
    );
    port.postMessage(made, made.lent ? [...own, made.lent] : own);
  })();
}

/** No more than Node's pool. */
const shared = 64 * 1024;
