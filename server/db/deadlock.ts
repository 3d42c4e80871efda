import { setTimeout as sleep } from "node:timers/promises";

/** ER_LOCK_DEADLOCK, and MariaDB's ER_CHECKREAD for a row that changed since the transaction's snapshot. */
const passing = new Set([1213, 1020]);
const duplicate = 1062;
const attempts = 10;

/**
 * Does a whole transaction again when the server gave it up for another's sake: all of it has been undone by then, so nothing
 * is done twice.
 */
export async function retryDeadlock<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt === attempts || !hasNumber(error, (number) => passing.has(number))) throw error;
      await sleep(Math.random() * 10 * attempt);
    }
  }
}

/** Whether a write was refused because a row with that key is there already. */
export const isDuplicate = (error: unknown): boolean => hasNumber(error, (number) => number === duplicate);

function hasNumber(error: unknown, matches: (number: number) => boolean): boolean {
  if (!(error instanceof Error)) return false;
  return ("errno" in error && typeof error.errno === "number" && matches(error.errno)) || hasNumber(error.cause, matches);
}
