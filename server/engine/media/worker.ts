import { pipeline } from "node:stream/promises";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { TarArchive } from "archiver";
import { Batches } from "./batches.ts";
import { feed } from "./feed.ts";
import { Tally } from "./tally.ts";
import type { MediaAnswer, MediaJob, MediaNews } from "./thread.ts";
import { sizeUp, walk } from "./walk.ts";

/** The thread that reads media folders: it blocks on the disk, so that the server's own thread never does. */
const port = parentPort;
if (!port) throw new Error("This runs as a worker thread only");

const job = workerData as MediaJob;
const tell = (news: MediaNews, transfer: ArrayBuffer[] = []) => port.postMessage(news, transfer);
const mostUnderWay = 4;
const paths = job.roots.map(({ at }) => at);

if (job.task === "measure") tell({ measured: sizeUp(paths, job.exclude) });
else await pack(port);

async function pack(port: MessagePort): Promise<void> {
  const archive = new TarArchive({ highWaterMark: 512 * 1024 });
  const [batches, tally] = [new Batches(), new Tally()];
  const sent = underWay(port, batches);
  const prefixes = job.roots.map(({ prefix }) => prefix);
  await Promise.all([pipeline(archive, batches, send), feed(archive, walk(paths, job.exclude), prefixes, tally)]);
  tell({ packed: { size: batches.bytes, ...tally.summary() } });

  async function send(pieces: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of pieces) {
      if (piece.buffer instanceof ArrayBuffer) tell({ piece, total: batches.bytes, item: tally.item }, [piece.buffer]);
      await sent();
    }
  }
}

/** Waits until few enough pieces are on their way. */
function underWay(port: MessagePort, batches: Batches) {
  let [count, wake] = [0, () => {}];
  port.on("message", ({ memory }: MediaAnswer) => {
    if (memory) batches.reuse(memory);
    count -= 1;
    wake();
  });
  return async () => {
    count += 1;
    while (count >= mostUnderWay) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
  };
}
