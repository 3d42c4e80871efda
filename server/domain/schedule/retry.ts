import type { ErrorCode } from "../../../shared/codes.ts";

/** Failures that may pass by themselves: another try may do. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SOURCE_UNAVAILABLE",
  "STORAGE_UNAVAILABLE",
  "INTERRUPTED",
  "DUMP_FAILED",
  "CONFLICT",
  "INTERNAL",
]);

/** Minutes to wait after the first, second, … failed try; further ones wait like the last. */
const waits = [1, 5, 15, 60] as const;

/** When a schedule's failed run is tried again; null when it is not. `attempt` is how often it was tried until now. */
export function retryAt(code: ErrorCode | null, attempt: number, retries: number, now: Date): Date | null {
  if (attempt > retries || code === null || !passing.has(code)) return null;
  const minutes = waits[Math.min(attempt, waits.length) - 1] ?? 60;
  return new Date(now.getTime() + minutes * 60_000);
}
