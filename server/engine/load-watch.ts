import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../domain/connection.ts";
import { messageOf } from "../domain/errors.ts";
import { select, withSession } from "./database/client.ts";
import type { Running } from "./part.ts";

/** What the server did while it was read; null where it would not tell. */
export interface ServerLoad {
  readonly busiest: number | null;
  readonly average: number | null;
}

const everyMilliseconds = 1000;
const patienceMilliseconds = 5000;
const farewellMilliseconds = 1000;

/**
 * Carries `work` out while a session of its own asks the server each second how many statements it works on. That session
 * is a courtesy: where it is refused or lost, `work` goes on, and the log says so once.
 */
export async function watchingLoad<T>(
  connection: Connection,
  { signal, say }: Running,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly load: ServerLoad }> {
  const samples: number[] = [];
  const over = new AbortController();
  const watching = sample(connection, samples, AbortSignal.any([signal, over.signal])).catch((error: unknown) => {
    if (!over.signal.aborted && !signal.aborted)
      say("INFO", `How busy the database server is could not be watched to the end: ${messageOf(error)}`);
  });
  try {
    const result = await work();
    return { result, load: summed(samples) };
  } finally {
    over.abort();
    // A session that is just being opened lets go of itself later.
    await Promise.race([watching, sleep(farewellMilliseconds, undefined, { ref: false })]);
  }
}

/** Ends by the signal alone. */
const sample = (connection: Connection, samples: number[], signal: AbortSignal): Promise<never> =>
  withSession(
    connection,
    async (session) => {
      for (;;) {
        const [row] = await select<{ Value: string }>(session, "SHOW GLOBAL STATUS LIKE 'Threads_running'", [], {
          patience: patienceMilliseconds,
        });
        // It counts this very question.
        if (row) samples.push(Math.max(0, Number(row.Value) - 1));
        await sleep(everyMilliseconds, undefined, { signal });
      }
    },
    { signal },
  );

function summed(samples: readonly number[]): ServerLoad {
  if (samples.length === 0) return { busiest: null, average: null };
  const average = samples.reduce((sum, each) => sum + each, 0) / samples.length;
  return { busiest: Math.max(...samples), average: Math.round(average * 10) / 10 };
}
