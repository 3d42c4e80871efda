import { parentPort, workerData } from "node:worker_threads";
import type { MediaJob } from "./thread.ts";
import { sizeUp } from "./walk.ts";

/** The thread that measures media folders: it blocks on the disk, so that the server's own thread never does. */
if (!parentPort) throw new Error("This runs as a worker thread only");

const { roots, exclude } = workerData as MediaJob;
parentPort.postMessage(
  sizeUp(
    roots.map(({ at }) => at),
    exclude,
  ),
);
