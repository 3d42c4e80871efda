import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../domain/errors.ts";
import type { SharedSnapshot } from "../../domain/manifest.ts";
import { type Session, select } from "./client.ts";
import { quoteName } from "./names.ts";

/** Why the tables were not locked, as a sentence. */
export class LockRefused extends Error {}

/** How long a lock is waited for, in which others wait behind it, and how long it is held at most. */
const lockSeconds = 2;
const heldMilliseconds = 5000;
/** A statement that runs for longer would hold the lock up, and all that come behind it. */
const longMilliseconds = 1000;
/** Until all tables are tried again; a try that fails holds nobody up. */
const retryMilliseconds = 10;
/** How long such statements are given to end; nothing is locked meanwhile. */
const patienceMilliseconds = 3000;

export interface LockRequest {
  /** A connection for this alone; it is closed by the server when nothing comes of it for some seconds, so that no lock outlives us. */
  readonly session: Session;
  readonly tables: readonly string[];
  /** In the order in which they are tried. */
  readonly methods: readonly SharedSnapshot["method"][];
  /** Opens the snapshots while nobody can write. */
  readonly open: () => Promise<void>;
}

/** Locks all tables while `open` runs, and tells for how long that was. Throws LockRefused where no lock can be had in time. */
export async function underLock({ session, tables, methods, open }: LockRequest): Promise<Omit<SharedSnapshot, "connections">> {
  await session.query(`SET SESSION lock_wait_timeout = ${lockSeconds}, wait_timeout = ${heldMilliseconds / 1000}`);
  const refusals: string[] = [];
  for (const method of methods) {
    const long = method === "FLUSH_TABLES" ? await longStatement(session) : null;
    if (long !== null) {
      refusals.push(`a statement has been running for ${Math.round(long / 1000)} seconds`);
      continue;
    }
    let started: number;
    try {
      started = await (method === "FLUSH_TABLES" ? flush(session) : lockAtOnce(session, tables));
    } catch (error) {
      refusals.push(isTimeout(error) ? `no lock was to be had in ${lockSeconds} seconds` : messageOf(error).replace(/\.$/, ""));
      if (isFatal(error)) break;
      continue;
    }
    try {
      await within(heldMilliseconds, open());
    } finally {
      await session.query("UNLOCK TABLES");
    }
    return { method, lockMilliseconds: Math.ceil(performance.now() - started) };
  }
  throw new LockRefused(`The tables could not be locked for a moment: ${refusals.join("; ") || "the account may not"}.`);
}

/** Since when nobody can write; it waits for what is being written, but for no transaction. */
async function flush(session: Session): Promise<number> {
  const started = performance.now();
  await session.query({ sql: "FLUSH TABLES WITH READ LOCK", timeout: (lockSeconds + 1) * 1000 });
  return started;
}

/**
 * Locks all of the tables in a moment in which no transaction has written to any of them, which is looked for again and again.
 * Waiting for it would be a deadlock with a transaction that has written to one table and is about to write to another, and
 * the server ends the transaction, not us.
 */
async function lockAtOnce(session: Session, tables: readonly string[]): Promise<number> {
  const sql = `LOCK TABLES ${tables.map((name) => `${quoteName(name)} READ`).join(", ")} NOWAIT`;
  for (const first = performance.now(); ; await sleep(retryMilliseconds)) {
    const started = performance.now();
    try {
      await session.query({ sql, timeout: (lockSeconds + 1) * 1000 });
      return started;
    } catch (error) {
      if (codeOf(error) !== "ER_LOCK_WAIT_TIMEOUT" || performance.now() - first > lockSeconds * 1000) throw error;
    }
  }
}

/** For how long the longest statement runs that does not end soon; null where there is none. Others' are seen only with the PROCESS right. */
async function longStatement(session: Session): Promise<number | null> {
  for (const started = performance.now(); ; await sleep(250)) {
    const [row] = await select<{ longest: unknown }>(
      session,
      `SELECT MAX(TIME_MS) AS longest FROM information_schema.PROCESSLIST
       WHERE COMMAND IN ('Query', 'Execute') AND TIME_MS > ${longMilliseconds} AND ID <> CONNECTION_ID()`,
    );
    const longest = Number(row?.longest ?? 0);
    if (longest === 0) return null;
    if (performance.now() - started > patienceMilliseconds) return longest;
  }
}

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "");
const isTimeout = (error: unknown) => ["ER_LOCK_WAIT_TIMEOUT", "PROTOCOL_SEQUENCE_TIMEOUT"].includes(codeOf(error));
/** The session can answer nothing more. */
const isFatal = (error: unknown) => codeOf(error).startsWith("PROTOCOL_") || codeOf(error).startsWith("ECONN");

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new LockRefused("The connections did not open their snapshots in time, so that the lock was let go of.")),
    milliseconds,
  );
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
