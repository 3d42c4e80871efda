import { Worker } from "node:worker_threads";
import { handOver } from "../handed-over.ts";
import { type Digests, inSlabs, type PayloadWork, Slabs, slabBytes } from "./age-slab.ts";

/** What the thread is told: the next slab, of which so many bytes are used. */
export interface SlabOrder {
  readonly slab: ArrayBuffer;
  readonly length: number;
  readonly last: boolean;
}

/** What it answers: the slab's memory, for the next one; what it became, null when it does not open; with the last one the checksums. */
export interface SlabAnswer {
  readonly slab: ArrayBuffer;
  readonly made: Uint8Array<ArrayBuffer> | null;
  readonly digests: Digests | null;
}

/** One is worked on, one waits for that, one is filled. */
const mostUnderWay = 2;

/**
 * Seals or opens a file's payload as it comes, in a thread of its own: that lives until the last byte was given, or until
 * whoever reads leaves. What fits into one slab is done at once. Null stands for a part that is not what was sealed, and is
 * the last thing given. `told` is given the checksums before the last bytes are.
 */
export async function* throughThread(
  work: PayloadWork,
  source: AsyncIterable<Uint8Array>,
  told: (digests: Digests) => void,
): AsyncGenerator<Buffer | null, void> {
  let thread: Thread | null = null;
  try {
    for await (const { slab, last } of inSlabs(source, () => thread?.room() ?? new Uint8Array(slabBytes[work.direction]))) {
      if (last && !thread) {
        const slabs = new Slabs(work);
        const made = slabs.next(slab, true);
        if (made) told(slabs.digests());
        yield made;
        return;
      }
      thread ??= new Thread(work);
      if (thread.underWay >= mostUnderWay) yield await thread.answer();
      thread.order(slab, last);
    }
    while (thread && thread.underWay > 0) {
      const made = await thread.answer();
      if (thread.digests) told(thread.digests);
      yield made;
    }
  } finally {
    await thread?.end();
  }
}

/** The thread as its asker sees it: answers come in the order of what was asked. */
class Thread {
  readonly #worker: Worker;
  readonly #arrived: SlabAnswer[] = [];
  readonly #free: ArrayBuffer[] = [];
  #wake = () => {};
  #failure: { readonly error: unknown } | null = null;
  /** Slabs that were given and whose answer was not taken yet. */
  underWay = 0;
  digests: Digests | null = null;

  constructor(work: PayloadWork) {
    // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
    const script = new URL(import.meta.url.endsWith(".ts") ? "./age-worker.ts" : "./age-worker.js", import.meta.url);
    this.#worker = new Worker(script, { workerData: work, env: {}, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    this.#worker.on("message", (answer: SlabAnswer) => {
      this.#arrived.push(answer);
      this.#wake();
    });
    this.#worker.once("error", (error) => this.#fail(error));
    this.#worker.once("exit", () => this.#fail(new Error("A thread that encrypts or decrypts ended by itself")));
  }

  /** Memory that was a slab's, if there is any; what is in it is of no meaning. */
  room(): Uint8Array<ArrayBuffer> | null {
    const free = this.#free.pop();
    return free ? new Uint8Array(free) : null;
  }

  order({ buffer: slab, length }: Uint8Array<ArrayBuffer>, last: boolean): void {
    this.underWay += 1;
    this.#worker.postMessage({ slab, length, last } satisfies SlabOrder, [slab]);
  }

  async answer(): Promise<Buffer | null> {
    for (;;) {
      const answer = this.#arrived.shift();
      if (answer) {
        this.underWay -= 1;
        this.digests = answer.digests;
        this.#free.push(answer.slab);
        return answer.made && handOver(Buffer.from(answer.made.buffer, answer.made.byteOffset, answer.made.length));
      }
      if (this.#failure) throw this.#failure.error;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  async end(): Promise<void> {
    this.#worker.removeAllListeners();
    this.#worker.on("error", () => {});
    for (const memory of [...this.#free, ...this.#arrived.map(({ slab }) => slab)]) memory.transfer(0);
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }
}
