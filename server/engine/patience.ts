import { setTimeout as sleep } from "node:timers/promises";

/** Whether the wait takes longer than that. The wait must not reject; it goes on all the same. */
export async function overdue(wait: Promise<void>, milliseconds: number): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(milliseconds, true, { signal: over.signal, ref: false }).catch(() => false);
  const result = await Promise.race([wait.then(() => false), late]);
  over.abort();
  return result;
}

/** Waits for the end of `work`, good or bad, but no longer than that. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const ended = work.then(
    () => {},
    () => {},
  );
  await overdue(ended, milliseconds);
}
