import { pipeline } from "node:stream/promises";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { TarArchive } from "archiver";
import { feed } from "./feed.ts";
import { type Frame, Framing } from "./framing.ts";
import { IndexWriter } from "./index-writer.ts";
import { Slabs } from "./slabs.ts";
import { Tally } from "./tally.ts";
import type { MediaJob, MediaNews } from "./thread.ts";
import { sizeUp, walk } from "./walk.ts";

/** The thread that reads media folders: it blocks on the disk, so that the server's own thread never does. */
const port = parentPort;
if (!port) throw new Error("This runs as a worker thread only");

const job = workerData as MediaJob;
const tell = (news: MediaNews, transfer: ArrayBuffer[] = []) => port.postMessage(news, transfer);
const mostUnderWay = 3;
const paths = job.roots.map(({ at }) => at);

if (job.task === "measure") tell({ measured: sizeUp(paths, job.exclude) });
else await pack(port, job);

async function pack(port: MessagePort, { packing, spool, roots, exclude }: MediaJob & { task: "pack" }): Promise<void> {
  const archive = new TarArchive({ highWaterMark: 512 * 1024 });
  const [tally, index, slabs, sent] = [new Tally(), new IndexWriter(spool, packing), new Slabs(), underWay(port)];
  const send = async ({ stored, end }: Frame) => {
    tell({ piece: stored, total: end, item: tally.item }, [stored.buffer]);
    await sent();
  };
  const framing = new Framing(packing, send, { copied: (chunk) => slabs.back(chunk) });
  const prefixes = roots.map(({ prefix }) => prefix);
  const [, size] = await Promise.all([pipeline(archive, framing), feed(archive, walk(paths, exclude), prefixes, tally, index, slabs)]);
  if (framing.bytes !== size) throw new Error(`The archive has ${framing.bytes} bytes, its index says ${size}`);
  const indexSize = await index.end(framing.frames);
  tell({ packed: { size, indexSize, ...tally.summary() } });
}

/** Waits until few enough pieces are on their way. */
function underWay(port: MessagePort) {
  let [count, wake] = [0, () => {}];
  port.on("message", () => {
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
