import pRetry from "p-retry";
import { Failure, messageOf } from "../../domain/errors.ts";
import { circuitBreaker } from "./breaker.ts";
import { mayPass } from "./passing.ts";

export interface RetryOptions {
  /** Tries after the first one. Before each it waits: `firstMs` to twice that, then doubled each time, up to `longestMs`. */
  readonly retries: number;
  readonly firstMs: number;
  readonly longestMs: number;
  /** After so many failures in a row nothing is asked for so long. */
  readonly failures: number;
  readonly restMs: number;
  /** Ends every wait: that of the process that stops. */
  readonly signal: AbortSignal | undefined;
  /** Something failed and is tried again. For the log. */
  readonly onRetry: (retry: Retry) => void;
  readonly now: () => Date;
}

export interface Retry {
  readonly call: string;
  /** 1 for the first. */
  readonly retry: number;
  readonly waitMs: number;
  readonly message: string;
}

const usual: RetryOptions = {
  retries: 4,
  firstMs: 500,
  longestMs: 15_000,
  failures: 10,
  restMs: 30_000,
  signal: undefined,
  onRetry: () => {},
  now: () => new Date(),
};

export interface How {
  readonly signal?: AbortSignal;
  readonly retries?: number;
  /** Whether another try could help at all. */
  readonly worth?: () => boolean;
  /** Whether a failure is none of the storage's. */
  readonly foreign?: (error: unknown) => boolean;
  /** Asks even where the storage rests: at a person's wish, or where an answer is under way already. */
  readonly evenResting?: () => boolean;
}

/** The tries of all calls to one storage, which share what they learn about it. */
export interface Attempts {
  /** What `work` gives, tried again while it fails in a way that may pass. `call` is for the log. */
  repeat<T>(call: string, work: () => Promise<T>, how?: How): Promise<T>;
}

export function attempts(options: Partial<RetryOptions>): Attempts {
  const settings = { ...usual, ...options };
  const breaker = circuitBreaker(settings);

  async function once<T>(work: () => Promise<T>, { evenResting, foreign }: How): Promise<T> {
    if (!evenResting?.()) breaker.enter();
    try {
      const result = await work();
      breaker.answered();
      return result;
    } catch (error) {
      // A refusal is an answer, too.
      if (foreign?.(error)) throw error;
      if (error instanceof Failure ? error.code === "STORAGE_UNAVAILABLE" : mayPass(error)) breaker.failed(error);
      else if (error instanceof Failure) breaker.answered();
      throw error;
    }
  }

  async function again<T>(call: string, work: () => Promise<T>, how: How, first: unknown): Promise<T> {
    const signals = [settings.signal, how.signal].filter((signal) => signal !== undefined);
    const helps = (error: unknown) => mayPass(error) && (how.worth?.() ?? true);
    let result: { readonly is: T } | undefined;
    const attempt = async (number: number) => {
      if (number === 1) throw first;
      result = { is: await once(work, how) };
      return result.is;
    };
    try {
      return await pRetry(attempt, {
        retries: how.retries ?? settings.retries,
        minTimeout: settings.firstMs,
        maxTimeout: settings.longestMs,
        randomize: true,
        ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
        shouldRetry: ({ error }) => helps(error),
        onFailedAttempt({ error, attemptNumber, retriesLeft, retryDelay }) {
          if (retriesLeft > 0 && helps(error))
            settings.onRetry({ call, retry: attemptNumber, waitMs: retryDelay, message: messageOf(error) });
        },
      });
    } catch (error) {
      // An abort that comes as the work is done does not undo it.
      if (result) return result.is;
      throw error;
    }
  }

  return {
    async repeat(call, work, how = {}) {
      how.signal?.throwIfAborted();
      try {
        return await once(work, how);
      } catch (error) {
        return again(call, work, how, error);
      }
    },
  };
}
