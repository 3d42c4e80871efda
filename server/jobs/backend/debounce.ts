import type { DebounceOptions } from "agenda";

/** What a debounced save has to know of the job that it meets. */
export interface Debounced {
  readonly nextRunAt: Date | null;
  readonly lastRunAt: Date | null;
  readonly debounceStartedAt: Date | null;
}

/** When a debounced job runs next, and since when its window is open (null: the next save opens a new one). */
export interface DebounceStep {
  readonly nextRunAt: Date | null;
  readonly debounceStartedAt: Date | null;
}

/**
 * The step that a save at `now`, asking for `wanted`, takes on a job as it was found (undefined: on a new one).
 * Leading: the first save runs when it asked to, and the saves within `delay` of it change nothing but the data.
 * Trailing: each save puts the run off to `delay` from now, but never later than `maxWait` after the first of them.
 * A window ends when it is over, or when its job has run; what Agenda keeps of a finished job does not hold up the next round.
 */
export function debounce(options: DebounceOptions, wanted: Date | null, existing: Debounced | undefined, now: Date): DebounceStep {
  const { delay, maxWait, strategy = "trailing" } = options;
  if (strategy === "leading") {
    const started = existing?.debounceStartedAt;
    const open = started && now.getTime() - started.getTime() < delay;
    return open ? { nextRunAt: existing.nextRunAt, debounceStartedAt: started } : { nextRunAt: wanted, debounceStartedAt: now };
  }
  const started = (existing && pendingSince(existing)) ?? now;
  const deadline = maxWait ? started.getTime() + maxWait : Number.POSITIVE_INFINITY;
  if (now.getTime() >= deadline) return { nextRunAt: now, debounceStartedAt: null };
  return { nextRunAt: new Date(Math.min(now.getTime() + delay, deadline)), debounceStartedAt: started };
}

function pendingSince({ nextRunAt, lastRunAt, debounceStartedAt }: Debounced): Date | null {
  const ran = debounceStartedAt && lastRunAt && lastRunAt >= debounceStartedAt;
  return nextRunAt === null || ran ? null : debounceStartedAt;
}
