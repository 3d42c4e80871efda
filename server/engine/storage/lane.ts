/** The way of chunks to one of several writers. */
export interface Lane {
  /** What the writer reads. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The source failed, which the writer was told as its own reading failing. */
  readonly broken: boolean;
  /** So much lies ready for the writer that it has to be waited for. */
  readonly full: boolean;
  /** Resolves when the writer has taken so much that one more chunk may be given, or takes no more. */
  room(): Promise<void>;
  give(chunk: Uint8Array): void;
  /** Nothing more comes. */
  end(): void;
  /** The source failed: the reader fails with it. */
  break(error: unknown): void;
  /** The writer takes no more: whatever is given from now on is let fall. */
  close(): void;
}

/** So many chunks lie ready at most: a slow writer holds the others up before it fills the memory. */
const readyAtMost = 4;

/** Holds few chunks, so that whoever gives has to wait for whoever writes. */
export function createLane(): Lane {
  const ready: Uint8Array[] = [];
  let state: "open" | "ended" | "closed" = "open";
  let failure: { readonly error: unknown } | null = null;
  let changed = Promise.withResolvers<void>();
  /** Whoever waits looks again. */
  const stir = () => {
    const { resolve } = changed;
    changed = Promise.withResolvers();
    resolve();
  };

  async function* read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (failure) throw failure.error;
      const chunk = ready.shift();
      if (chunk) {
        stir();
        yield chunk;
      } else if (state !== "open") return;
      else await changed.promise;
    }
  }

  const full = () => state !== "closed" && !failure && ready.length >= readyAtMost;

  return {
    bytes: read(),
    get full() {
      return full();
    },
    get broken() {
      return failure !== null;
    },
    async room() {
      while (full()) await changed.promise;
    },
    give(chunk) {
      if (state !== "open") return;
      ready.push(chunk);
      stir();
    },
    end() {
      if (state === "open") state = "ended";
      stir();
    },
    break(error) {
      failure ??= { error };
      stir();
    },
    close() {
      state = "closed";
      ready.length = 0;
      stir();
    },
  };
}
