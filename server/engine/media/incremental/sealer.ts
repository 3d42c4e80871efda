import { Worker } from "node:worker_threads";
import type { KeyText } from "../../codec/age-header.ts";

/** What the sealing thread is started with. */
export interface SealerSettings {
  /** Pipes to the parent, on which packs leave in turn. */
  readonly fds: readonly number[];
  readonly encrypted: boolean;
}

/** A piece of a pack, whose memory goes with it; the end of the pack with this number; a key for one pack; null: there are no more packs. */
export type ToSealer = { readonly bytes: Uint8Array<ArrayBuffer> } | { readonly end: number } | { readonly key: KeyText } | null;

/** Memory that is the sender's again. */
export interface FromSealer {
  readonly free: ArrayBuffer;
}

interface Options extends SealerSettings {
  /** Takes memory back. */
  readonly freed: (memory: ArrayBuffer) => void;
  /** Told whenever there is room again, and when it failed. */
  readonly changed: () => void;
}

/** Pieces that it has before it; with more of them memory would grow. */
const mostUnderWay = 6;

/** The thread that hashes packs, encrypts them and sends them to the parent. It is started with the first one. */
export class Sealer {
  readonly #options: Options;
  readonly #keys: KeyText[] = [];
  #thread: Worker | null = null;
  #exited: Promise<void> = Promise.resolve();
  #underWay = 0;
  #failure: unknown = null;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Throws what has ended the thread. */
  get isFull(): boolean {
    if (this.#failure !== null) throw this.#failure;
    return this.#underWay >= mostUnderWay;
  }

  /** Gives it the key of one pack more; they are used in their order. */
  addKey(key: KeyText): void {
    if (this.#thread) this.#thread.postMessage({ key } satisfies ToSealer);
    else this.#keys.push(key);
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    this.#underWay += 1;
    this.#post({ bytes }, [bytes.buffer]);
  }

  endPack(number: number): void {
    this.#post({ end: number });
  }

  /** Waits until all has left. */
  async end(): Promise<void> {
    if (this.#thread) this.#post(null);
    await this.#exited;
  }

  #post(order: ToSealer, memory: ArrayBuffer[] = []): void {
    this.#thread ??= this.#start();
    this.#thread.postMessage(order, memory);
  }

  #start(): Worker {
    const { fds, encrypted, freed, changed } = this.#options;
    // From the sources it is TypeScript, which Node runs as it is; from the build it is JavaScript.
    const script = new URL(import.meta.url.endsWith(".ts") ? "./seal-thread.ts" : "./seal-thread.js", import.meta.url);
    const settings: SealerSettings = { fds, encrypted };
    const thread = new Worker(script, { workerData: settings, env: {}, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    thread.on("message", ({ free }: FromSealer) => {
      this.#underWay -= 1;
      freed(free);
      changed();
    });
    this.#exited = new Promise((resolve, reject) => {
      thread.once("error", reject);
      thread.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`The thread that seals packs ended with ${code}`))));
    });
    this.#exited.catch((error: unknown) => {
      this.#failure = error;
      changed();
    });
    for (const key of this.#keys.splice(0)) thread.postMessage({ key } satisfies ToSealer);
    return thread;
  }
}
