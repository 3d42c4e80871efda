import { Worker } from "node:worker_threads";
import { noLimits, type SourceLimits, threadsOf } from "../../domain/source-load.ts";
import { letGo } from "../handed-over.ts";
import type { FileFacts, FilePart, WriteAnswer, WriteOrder } from "./file-parts.ts";

const slabBytes = 1024 * 1024;
/** So many small files wait for each other at most. */
const mostParts = 256;
const slabsEach = 2;

interface Thread {
  readonly worker: Worker;
  /** What it was given and has not answered yet. */
  readonly orders: { readonly parts: readonly FilePart[]; readonly told: readonly Told[] }[];
}

/** Gets the error of a file that could not be written, and gives what is to be told of it. */
type Told = (error: unknown) => Promise<unknown>;

/** Writes files in threads, several at the same time, in an amount of memory that stays the same. Dispose of it in any case. */
export class FileWriters implements AsyncDisposable {
  readonly #threads: Thread[] = [];
  readonly #most: number;
  readonly #free: ArrayBuffer[] = [];
  #slabs = 0;
  #slab: Uint8Array<ArrayBuffer> | null = null;
  #filled = 0;
  #parts: FilePart[] = [];
  #told: Told[] = [];
  /** The thread that has begun a file which goes on in the next slab. */
  #bound: Thread | null = null;
  #failure: Promise<unknown> | null = null;
  #wake = () => {};

  constructor(limits: SourceLimits = noLimits) {
    this.#most = threadsOf(limits);
  }

  /** Takes the body of a file; it is written when `done` resolved. Rejects with what failed before. */
  async file(path: string, body: AsyncIterable<Uint8Array>, facts: FileFacts, told: Told): Promise<void> {
    let first = true;
    for await (const piece of body) {
      for (let at = 0; at < piece.length; ) {
        const slab = await this.#room();
        const some = piece.subarray(at, at + slab.length - this.#filled);
        slab.set(some, this.#filled);
        this.#add({ path, from: this.#filled, length: some.length, first, last: null }, told);
        [at, first] = [at + some.length, false];
        this.#filled += some.length;
        if (this.#filled === slab.length) this.#send(true);
      }
      letGo(piece);
    }
    await this.#room();
    const before = first ? null : this.#parts.at(-1);
    if (before?.path === path) this.#parts[this.#parts.length - 1] = { ...before, last: facts };
    else this.#add({ path, from: this.#filled, length: 0, first, last: facts }, told);
    if (this.#parts.length >= mostParts) this.#send(false);
  }

  /** Resolves when all is written; rejects with what failed first. */
  async done(): Promise<void> {
    const failure = await this.settled();
    if (failure) throw failure;
  }

  /** What failed first, when nothing is being written any more. */
  async settled(): Promise<unknown> {
    if (!this.#failure && this.#parts.length > 0) this.#send(false);
    while (this.#threads.some(({ orders }) => orders.length > 0)) await this.#answer();
    return this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { worker } of this.#threads) worker.removeAllListeners("exit");
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #add(part: FilePart, told: Told): void {
    this.#parts.push(part);
    this.#told.push(told);
  }

  /** The slab that is being filled. */
  async #room(): Promise<Uint8Array<ArrayBuffer>> {
    while (!this.#slab) {
      if (this.#failure) throw await this.#failure;
      const memory = this.#free.pop() ?? (this.#slabs < this.#most * slabsEach + 1 ? new ArrayBuffer(slabBytes) : null);
      if (!memory) await this.#answer();
      else {
        this.#slabs += 1;
        [this.#slab, this.#filled] = [new Uint8Array(memory), 0];
      }
    }
    return this.#slab;
  }

  #send(goesOn: boolean): void {
    if (!this.#slab) return;
    const idle = this.#threads.find(({ orders }) => orders.length === 0) ?? (this.#threads.length < this.#most ? this.#start() : null);
    const thread = this.#bound ?? idle ?? this.#threads.reduce((least, one) => (one.orders.length < least.orders.length ? one : least));
    const order: WriteOrder = { slab: this.#slab.buffer, parts: this.#parts };
    thread.orders.push({ parts: this.#parts, told: this.#told });
    thread.worker.postMessage(order, [order.slab]);
    this.#bound = goesOn ? thread : null;
    [this.#slab, this.#parts, this.#told] = [null, [], []];
  }

  #start(): Thread {
    // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
    const script = new URL(import.meta.url.endsWith(".ts") ? "./write-worker.ts" : "./write-worker.js", import.meta.url);
    const worker = new Worker(script, { env: {}, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    const thread: Thread = { worker, orders: [] };
    worker.on("message", ({ slab, failed }: WriteAnswer) => {
      const order = thread.orders.shift();
      this.#slabs -= 1;
      this.#free.push(slab);
      if (failed) this.#fail(order?.told[failed.part]?.(Object.assign(new Error(failed.message), failed)) ?? failed);
      this.#wake();
    });
    const broken = (error: unknown) => {
      thread.orders.length = 0;
      this.#fail(error);
      this.#wake();
    };
    worker.once("error", broken);
    worker.once("exit", () => broken(new Error("A thread that writes files ended by itself")));
    this.#threads.push(thread);
    return thread;
  }

  #fail(error: unknown): void {
    this.#failure ??= Promise.resolve(error);
  }

  async #answer(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}
