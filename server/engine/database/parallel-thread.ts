// A thread of the child that reads a database: one connection, whose rows become INSERT statements, compressed frame by
// frame. It is told by messages what to read.
import { createHash } from "node:crypto";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../../domain/errors.ts";
import { packFrameNow } from "../codec/frames.ts";
import { rateLimiter } from "../rate.ts";
import type { RangeJob, ThreadData, ThreadOrder, ThreadReport } from "./parallel-messages.ts";
import { rangeQuery } from "./parallel-query.ts";
import { ReadError } from "./row-error.ts";
import { prepareToRead } from "./row-session.ts";
import { type RowFrame, RowStatements } from "./row-statements.ts";
import { RowStream } from "./row-stream.ts";

/** Frames that are handed over and not yet written, at most. */
const mostOnTheWay = 2;

async function serve(port: MessagePort, { connection, packing, bytesPerSecond, rate }: ThreadData): Promise<void> {
  const report = (line: ThreadReport, transfer: ArrayBuffer[] = []) => port.postMessage(line, transfer);
  const failed = (error: unknown) =>
    report({ kind: "failed", errno: error instanceof ReadError ? error.errno : 0, message: messageOf(error) });
  const stream = await RowStream.open(connection, prepareToRead);
  const limiter = rateLimiter(bytesPerSecond, { shared: rate });
  let [table, rows, hash] = ["", 0, createHash("sha256")];
  let [onTheWay, passing, paused] = [0, 0, false];

  /** The server waits while what was read of it is not yet written, or passes too fast. */
  const keepPace = () => {
    const wait = onTheWay >= mostOnTheWay || passing > 0;
    if (wait === paused) return;
    paused = wait;
    if (wait) stream.pause();
    else stream.resume();
  };
  const passed = () => {
    passing -= 1;
    keepPace();
  };
  const handOver = ({ bytes, statements, rows: more }: RowFrame) => {
    hash.update(statements);
    rows += more;
    if (bytesPerSecond !== null) {
      passing += 1;
      limiter.take(bytes.length).then(passed, failed);
    }
    const packed = packing && owned(packFrameNow(bytes, packing));
    if (packed) onTheWay += 1;
    report({ kind: "frame", table, packed, size: bytes.length, rows: more }, packed ? [packed.buffer] : []);
    keepPace();
  };
  const statements = new RowStatements(handOver);

  const read = async ({ table: { name, columns, ...rest }, range }: RangeJob) => {
    [table, rows, hash] = [name, 0, createHash("sha256")];
    statements.begin(name, columns);
    const take = (bytes: Buffer, start: number, end: number) => statements.row(bytes, start, end);
    await stream.read(rangeQuery({ name, columns, ...rest }, range), take);
    statements.end();
    report({ kind: "range", rows, sha256: hash.digest("hex") });
  };
  const obey = async (order: Exclude<ThreadOrder, { kind: "written" }>) => {
    if (order.kind === "read") return read(order.job);
    if (order.kind === "snapshot") {
      await stream.read("START TRANSACTION WITH CONSISTENT SNAPSHOT");
      return report({ kind: "ready" });
    }
    return report({ kind: "answer", rows: await stream.rows(order.sql) });
  };
  port.on("message", (order: ThreadOrder) => {
    if (order.kind !== "written") return void obey(order).catch(failed);
    onTheWay -= 1;
    keepPace();
  });
  report({ kind: "ready" });
}

/** Small buffers share their memory with others, which cannot be handed over. */
const owned = (packed: Buffer): Uint8Array<ArrayBuffer> =>
  packed.buffer instanceof ArrayBuffer && packed.buffer.byteLength > sharedBytes
    ? new Uint8Array(packed.buffer, packed.byteOffset, packed.length)
    : new Uint8Array(packed);
const sharedBytes = 256 * 1024;

if (!parentPort) throw new Error("This runs as a thread only");
const port = parentPort;
await serve(port, workerData as ThreadData).catch((error: unknown) =>
  port.postMessage({ kind: "failed", errno: 0, message: messageOf(error) } satisfies ThreadReport),
);
