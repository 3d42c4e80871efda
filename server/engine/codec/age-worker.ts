// A thread that seals or opens the payload of one encrypted file, so that the server's own thread does not.
import { parentPort, workerData } from "node:worker_threads";
import { type PayloadWork, Slabs } from "./age-slab.ts";
import type { SlabAnswer, SlabOrder } from "./age-thread.ts";

if (!parentPort) throw new Error("This runs as a worker thread only");
const port = parentPort;
const slabs = new Slabs(workerData as PayloadWork);

port.on("message", ({ slab, length, last }: SlabOrder) => {
  const made = slabs.next(new Uint8Array(slab, 0, length), last);
  const answer: SlabAnswer = { slab, made, digests: last && made ? slabs.digests() : null };
  port.postMessage(answer, made ? [slab, made.buffer] : [slab]);
});
