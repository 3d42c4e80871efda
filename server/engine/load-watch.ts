import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../domain/connection.ts";
import { messageOf } from "../domain/errors.ts";
import type { LoadNow } from "../domain/source-load.ts";
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
 * Carries `work` out while a session of its own asks the server each second what it works on, and tells `observe`. That session
 * is a courtesy: where it is refused or lost, `work` goes on, and the log says so once.
 */
export async function watchingLoad<T>(
  connection: Connection,
  { signal, say }: Running,
  work: () => Promise<T>,
  observe: (now: LoadNow) => void = () => {},
): Promise<{ readonly result: T; readonly load: ServerLoad }> {
  const samples: number[] = [];
  const take = (now: LoadNow) => {
    samples.push(now.statements);
    observe(now);
  };
  const over = new AbortController();
  const watching = sample(connection, take, AbortSignal.any([signal, over.signal])).catch((error: unknown) => {
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
const sample = (connection: Connection, take: (now: LoadNow) => void, signal: AbortSignal): Promise<never> =>
  withSession(
    connection,
    async (session) => {
      let last: { readonly given: number; readonly at: number } | null = null;
      for (;;) {
        const rows = await select<{ Variable_name: string; Value: string }>(session, question, [], { patience: patienceMilliseconds });
        const told = new Map(rows.map(({ Variable_name, Value }) => [Variable_name.toLowerCase(), Number(Value)]));
        const [running, given, at] = [told.get("threads_running"), told.get("queries"), performance.now()];
        // Both count this very question.
        const perSecond = last && given !== undefined ? Math.max(0, (1000 * (given - last.given - 1)) / (at - last.at)) : null;
        if (running !== undefined) take({ statements: Math.max(0, running - 1), perSecond });
        last = given === undefined ? null : { given, at };
        await sleep(everyMilliseconds, undefined, { signal });
      }
    },
    { signal },
  );

const question = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_running', 'Queries')";

function summed(samples: readonly number[]): ServerLoad {
  if (samples.length === 0) return { busiest: null, average: null };
  const average = samples.reduce((sum, each) => sum + each, 0) / samples.length;
  return { busiest: Math.max(...samples), average: Math.round(average * 10) / 10 };
}
