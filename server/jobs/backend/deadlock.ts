import { setTimeout as sleep } from "node:timers/promises";

/** ER_LOCK_DEADLOCK, and MariaDB's ER_CHECKREAD for a row that changed since the transaction's snapshot. */
const passing = new Set([1213, 1020]);
const attempts = 10;

/**
 * Does `work`, one statement or one whole transaction, again when the server gave it up for another's sake.
 * The server has undone all of it by then, so nothing is done twice.
 */
export async function retryDeadlock<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts || !isPassing(error)) throw error;
      await sleep(Math.random() * 10 * attempt);
    }
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("errno" in error && typeof error.errno === "number" && passing.has(error.errno)) || isPassing(error.cause);
}
