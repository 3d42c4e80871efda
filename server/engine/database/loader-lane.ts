import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Compression } from "../../../shared/enums.ts";
import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import type { RowStretch } from "../content.ts";
import { spawnTool, type Tool, type ToolExit } from "../process.ts";
import { outputOf, script } from "./dump-pipeline.ts";
import { type LoaderAnswer, type LoaderMessage, type LoaderTrouble, type LoadingWay, packMessage } from "./loader-messages.ts";

export interface LaneRequest {
  /** Its database is the schema that is loaded into. */
  readonly connection: Connection;
  readonly packed: Compression;
  readonly lowPriority: boolean;
  readonly signal: AbortSignal;
  /** So many uncompressed bytes more were handed to the server. */
  observe(table: string, size: number): void;
  /** Waits until so many more may be read. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

/** The rows of a table that a lane is to load. */
export interface LaneTable {
  readonly table: string;
  readonly columns: readonly string[];
  readonly loose: readonly string[];
}

/** What a lane ended with. */
export class LaneTrouble extends Error {
  readonly why: LoaderTrouble;

  constructor(why: LoaderTrouble, message: string) {
    super(message);
    this.why = why;
  }
}

/** The child ended while it was fed: its answer or its exit says why. */
class LoaderGone extends Error {}

/** One connection that rows are loaded over, and the process that has it, which starts at once. `await using` it. */
export class LoaderLane {
  readonly #request: LaneRequest;
  readonly #tool: Tool;
  readonly #answers: AsyncIterator<string>;

  constructor(request: LaneRequest) {
    this.#request = request;
    const { connection, lowPriority, signal } = request;
    this.#tool = spawnTool(process.execPath, ["--max-semi-space-size=1", script("./loader-child")], {
      ...{ stdin: "pipe", stdout: "pipe", secrets: [connection.password], lowPriority, signal },
    });
    this.#answers = createInterface({ input: outputOf(this.#tool), crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  }

  /** Connects; the server's number of the connection, to end what it does there. */
  async open(way: LoadingWay): Promise<number> {
    const { connection } = this.#request;
    await this.#send({ kind: "connect", connection, way });
    const answer = await this.#answer();
    if (answer.kind !== "connected") throw new Error("A loader did not connect");
    return answer.thread;
  }

  /** Loads all the stretches; how many rows came to be in the table. Rejects with a LaneTrouble, or with what reading a stretch threw. */
  async load(table: LaneTable, stretches: Iterable<RowStretch>): Promise<number> {
    const fed = this.#feed(table, stretches).then(
      () => null,
      // Its end without an answer: what it was fed must not look whole.
      async (error: unknown) => {
        await this.#tool.stop();
        return { error };
      },
    );
    try {
      for (;;) {
        const answer = await this.#answer();
        if (answer.kind === "taken") this.#request.observe(table.table, answer.size);
        if (answer.kind !== "loaded") continue;
        const failed = await fed;
        if (failed) throw failed.error;
        return answer.rows;
      }
    } catch (error) {
      this.#request.signal.throwIfAborted();
      // A source that failed is the reason for a child that ended without a word of its own.
      const failed = error instanceof LaneTrouble ? null : await fed;
      throw failed && !(failed.error instanceof LoaderGone) ? failed.error : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tool.stop();
  }

  async #feed(table: LaneTable, stretches: Iterable<RowStretch>): Promise<void> {
    const { packed, signal, take } = this.#request;
    await this.#send({ kind: "table", ...table });
    for (const stretch of stretches)
      for await (const { size, pieces } of packed === "NONE" ? asTheyCome(stretch, signal) : framesOf(stretch, signal)) {
        await take(size, signal);
        await this.#send({ kind: "frame", packed, size, length: lengthOf(pieces) }, pieces);
      }
    await this.#send({ kind: "end" });
  }

  async #send(message: LoaderMessage, pieces: readonly Uint8Array[] = []): Promise<void> {
    const { stdin } = this.#tool;
    if (!stdin) throw new Error("A loader was started without its input");
    let room = stdin.write(packMessage(message));
    for (const piece of pieces) room = stdin.write(piece);
    if (room) return;
    const { signal } = this.#request;
    const drained = once(stdin, "drain", { signal }).then(
      () => true,
      // The pipe of one that is gone breaks, before or after its exit is known.
      () => signal.throwIfAborted(),
    );
    if (!(await Promise.race([drained, this.#tool.exited.then(() => false)]))) throw new LoaderGone();
  }

  async #answer(): Promise<LoaderAnswer> {
    const { done, value } = await this.#answers.next();
    this.#request.signal.throwIfAborted();
    if (done) {
      throw loaderGone(await this.#tool.exited);
    }
    // It comes from our own child.
    const answer = JSON.parse(value) as LoaderAnswer;
    if (answer.kind === "failed") throw new LaneTrouble(answer.why, answer.message);
    return answer;
  }
}

const loaderGone = ({ code, signal, stderr }: ToolExit) =>
  new Failure(
    "LOAD_FAILED",
    `A process that loads rows ended unexpectedly (${signal ?? `exit status ${code}`}). ${stderr.slice(-300)}`.trim(),
    "Something else on this machine ended it. Look in the system's log whether memory ran out, and restore again.",
    { reason: "CLIENT_KILLED" },
  );

interface StoredFrame {
  readonly size: number;
  readonly pieces: readonly Uint8Array[];
}

const lengthOf = (pieces: readonly Uint8Array[]) => pieces.reduce((sum, { length }) => sum + length, 0);

async function* asTheyCome({ open }: RowStretch, signal: AbortSignal): AsyncGenerator<StoredFrame, void> {
  for await (const piece of open(signal)) yield { size: piece.length, pieces: [piece] };
}

/** The stored bytes of a stretch, frame by frame. */
async function* framesOf({ open, frames }: RowStretch, signal: AbortSignal): AsyncGenerator<StoredFrame, void> {
  const expected = frames[Symbol.iterator]();
  let frame = expected.next().value;
  let [pieces, length]: [Uint8Array[], number] = [[], 0];
  for await (const chunk of open(signal)) {
    for (let at = 0; at < chunk.length; ) {
      if (!frame) throw new Error("A section is longer than its frames");
      const piece = chunk.subarray(at, at + frame[0] - length);
      pieces.push(piece);
      length += piece.length;
      at += piece.length;
      if (length < frame[0]) continue;
      yield { size: frame[1], pieces };
      [pieces, length, frame] = [[], 0, expected.next().value];
    }
  }
  if (length > 0) throw new Error("A section is shorter than its frames");
}
