import { Failure, messageOf } from "../../domain/errors.ts";

export interface BreakerOptions {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** So long nothing is asked then; after that one call may try. */
  readonly restMs: number;
  readonly now: () => Date;
}

/** Keeps a storage that is down from being asked again and again: each call would wait for its own failure. */
export interface Breaker {
  /** Throws while the storage rests. */
  enter(): void;
  /** The storage answered, be it with a refusal. */
  answered(): void;
  /** The storage did not answer. */
  failed(error: unknown): void;
}

export function circuitBreaker({ failures, restMs, now }: BreakerOptions): Breaker {
  let inARow = 0;
  let restsUntil = 0;
  let last: unknown;
  return {
    enter() {
      const left = restsUntil - now().getTime();
      if (left > 0) throw resting(last, inARow, left);
      // Who comes next waits for how this one fares.
      if (inARow >= failures) restsUntil = now().getTime() + restMs;
    },
    answered() {
      inARow = 0;
      restsUntil = 0;
    },
    failed(error) {
      inARow += 1;
      last = error;
      if (inARow >= failures) restsUntil = now().getTime() + restMs;
    },
  };
}

const resting = (error: unknown, times: number, ms: number) =>
  new Failure(
    "STORAGE_UNAVAILABLE",
    `${messageOf(error)} It failed ${times} times in a row and is asked again in ${Math.ceil(ms / 1000)} s.`,
    error instanceof Failure ? error.hint : undefined,
    { reason: "STORAGE_RESTING", cause: error },
  );
