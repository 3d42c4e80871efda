import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import { withSession } from "./client.ts";
import { connectionsIn } from "./left-connections.ts";
import { roomHint } from "./restricted-client.ts";

const usualInterval = 10_000;

/**
 * Does `work`, which writes into `schema`, until the server waits for room on its disk. With the engines MyISAM and Aria it
 * does so for ever and without a word, and what was loaded by then takes the room that the shop itself needs: then the work
 * is aborted, and this rejects with LOAD_FAILED.
 */
export async function whileThereIsRoom<T>(
  connection: Connection,
  { schema, signal, everyMilliseconds = usualInterval }: { schema: string; signal: AbortSignal; everyMilliseconds?: number },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const full = new AbortController();
  const over = new AbortController();
  const watching = watch(connection, schema, everyMilliseconds, over.signal).then((waits) => {
    if (waits) full.abort(serverFull());
  });
  try {
    return await work(AbortSignal.any([signal, full.signal]));
  } catch (error) {
    signal.throwIfAborted();
    full.signal.throwIfAborted();
    throw error;
  } finally {
    over.abort();
    await watching;
  }
}

/** Looks now and then until the server waits for room, or `over` aborts; whether it waits. */
async function watch(connection: Connection, schema: string, everyMilliseconds: number, over: AbortSignal): Promise<boolean> {
  while (await pause(everyMilliseconds, over)) {
    const look = withSession(connection, (session) => connectionsIn(session, schema), { database: false, signal: over });
    // A server that cannot be asked now says so to the work itself.
    const states = await look.catch(() => []);
    if (states.some(({ State }) => State === "Waiting for someone to free space")) return !over.aborted;
  }
  return false;
}

const pause = (milliseconds: number, over: AbortSignal): Promise<boolean> =>
  sleep(milliseconds, undefined, { signal: over }).then(
    () => true,
    () => false,
  );

const serverFull = () =>
  new Failure("LOAD_FAILED", "The disk of the database server is full: it waits for somebody to free space.", roomHint, {
    reason: "SERVER_FULL",
  });
