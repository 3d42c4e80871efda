/** At most `max` attempts in `window` seconds. */
export interface AttemptLimit {
  readonly max: number;
  readonly window: number;
}

export type Attempts = ReturnType<typeof createAttempts>;

const keysKept = 10_000;

/** Counts attempts by key (an address and what it tries) in fixed windows, in this process's memory. */
export function createAttempts(now: () => Date) {
  const windows = new Map<string, { count: number; readonly endsAt: number }>();

  /** Keys are made up by strangers, so the count of them is bounded: ended windows go first, then the oldest. */
  function prune(at: number) {
    if (windows.size < keysKept) return;
    for (const [key, { endsAt }] of windows) if (endsAt <= at) windows.delete(key);
    for (const key of windows.keys()) {
      if (windows.size < keysKept) return;
      windows.delete(key);
    }
  }

  return {
    /** Counts one attempt: 0 when it is within the limit, otherwise the seconds until the next is. */
    take(key: string, { max, window }: AttemptLimit): number {
      const at = now().getTime();
      const open = windows.get(key);
      if (!open || open.endsAt <= at) {
        windows.delete(key);
        prune(at);
        windows.set(key, { count: 1, endsAt: at + window * 1000 });
        return 0;
      }
      open.count += 1;
      return open.count <= max ? 0 : Math.ceil((open.endsAt - at) / 1000);
    },
  };
}
