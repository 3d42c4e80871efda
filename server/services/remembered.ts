import type { Bus, EventStream } from "../events/bus.ts";

/** Figures of a large catalog, kept for as long as nothing changes. */
export interface Remembered<T> {
  /** What `compute` gives, or gave under this key since the last change. */
  get(key: string, compute: () => Promise<T>): Promise<T>;
}

interface Options<T> {
  readonly bus: Bus;
  readonly now: () => Date;
  /** Whether a figure took so much reading that it is kept: small catalogs are read anew each time. */
  readonly worthwhile: (value: T) => boolean;
}

/** Counting more rows than this takes longer than reading a page of them. */
export const manyRows = 5_000;

/** Another process tells of its operations within a second; of anything else that it does, this is how late we are. */
const longestMilliseconds = 15_000;
const mostKeys = 500;

/** Forgets everything whenever a backup changes, or what is known of one, here or in a process beside. */
export function createRemembered<T>({ bus, now, worthwhile }: Options<T>): Remembered<T> {
  const known = new Map<string, { readonly value: T; readonly until: number }>();
  let version = 0;
  let listening = false;
  const forgetWith = async (stream: EventStream<unknown>) => {
    for await (const _ of stream) {
      version += 1;
      known.clear();
    }
  };
  /** From the first catalog on that is large enough. */
  const listen = () => {
    if (listening) return;
    listening = true;
    void forgetWith(bus.subscribe("backup"));
    void forgetWith(bus.subscribe("cleanup"));
    void forgetWith(bus.subscribe("verification"));
  };
  return {
    async get(key, compute) {
      const found = known.get(key);
      if (found && found.until > now().getTime()) return found.value;
      const [begun, heard] = [version, listening];
      const value = await compute();
      if (!worthwhile(value)) return value;
      listen();
      // What changed while it was read, or before anybody listened, may be in it or not.
      if (heard && begun === version) {
        if (known.size >= mostKeys) known.clear();
        known.set(key, { value, until: now().getTime() + longestMilliseconds });
      }
      return value;
    },
  };
}
