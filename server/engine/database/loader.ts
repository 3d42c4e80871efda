import { formatCount } from "../../../shared/format.ts";
import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import { noLimits, threadsOf } from "../../domain/source-load.ts";
import type { StoredRows } from "../content.ts";
import { rateLimiter } from "../rate.ts";
import { Together } from "../together.ts";
import { type Session, select, withSession } from "./client.ts";
import type { LoadRequest } from "./load-request.ts";
import { type LaneRequest, LaneTrouble, LoaderLane } from "./loader-lane.ts";
import type { LoadingWay } from "./loader-messages.ts";
import { TableQueue } from "./loader-queue.ts";
import { bringBack, keyStatements, lookAt, putOff } from "./loader-tables.ts";
import { refusedBy, runScript } from "./restricted-client.ts";
import { prepareToChange } from "./schema-change.ts";
import type { DumpSplitter } from "./scripts.ts";
import { refusal } from "./server-words.ts";
import { runToEnd } from "./statement-run.ts";

/** The rows cannot be loaded this way; nothing is wrong with them. */
export class UnfitForLoader extends Error {}

/**
 * Loads a dump of our own writer into `schema` over several connections: first the structure, by the restricted client, then
 * the rows, tables side by side and large ones in parts, then the keys that need not be there before. Rejects with
 * UnfitForLoader where the stock client has to do it.
 */
export async function loadRowsAtOnce(request: LoadRequest, rows: StoredRows, schema: string, splitter: DumpSplitter): Promise<void> {
  const { connection, tools, tables, signal, observe, say } = request;
  let bytes = 0;
  const read = (item: string | null, size: number) => {
    bytes += size;
    observe({ bytes, item });
  };
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of rows.structure(tables, signal)) {
      const { length } = chunk;
      yield chunk;
      read(null, length);
    }
  }
  const asked = [...rows.tables].filter(([table]) => tables?.includes(table) ?? true);
  const inside = { ...connection, database: schema };
  const { limits = noLimits, keysLaterFrom = usualKeysLaterFrom } = request;
  const most = Math.min(threadsOf(limits), asked.flatMap(([, stretches]) => stretches).length);
  const take = rateLimiter(limits.bytesPerSecond).take;
  const lane = { connection: inside, packed: rows.compression, lowPriority: limits.lowPriority, observe: read, take };
  // Their processes come up while the structure is made.
  const together = new Together(signal);
  await using started = startLanes(most, { ...lane, signal: together.signal });
  await runScript({ connection, tools, schema, signal }, splitter.tables(counted()));
  const wanted = asked.filter(([table]) => splitter.holds(table));
  // It has its session for itself: one that waits for the rows of a large dump might be closed by the server.
  const change = <T>(work: (session: Session) => Promise<T>) =>
    withSession(
      inside,
      async (session) => {
        await prepareToChange(session);
        return work(session);
      },
      { signal },
    );
  try {
    const { server, found, off } = await change(async (session) => {
      const server = await look(session);
      const found = await lookAt(session, schema, wanted, keysLaterFrom);
      return { server, found, off: await putOff(session, schema, found) };
    });
    if (server.way === "INSERT")
      say("INFO", "The server takes no LOAD DATA LOCAL (local_infile is off): the rows go in as INSERT statements.");
    const queue = new TableQueue(found, server.sharesCounters || server.way === "INSERT");
    const used = Math.min(most, queue.parts);
    const loading = { way: server.way, connection: inside, signal: together.signal };
    await together.all(started.lanes.slice(0, used).map((lane) => loadTables(lane, loading, queue)));
    await change((session) => bringBack(session, schema, found, off));
    say("INFO", `The rows of ${formatCount(found.length, "table")} came over ${formatCount(used, "connection")} by ${server.way}.`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LaneTrouble) throw failureOf(error);
    throw error instanceof UnfitForLoader ? error : refusal(error);
  }
}

/** Below this the keys of a table grow in memory with its rows. */
const usualKeysLaterFrom = 8 * 1024 * 1024;

interface Server {
  readonly way: LoadingWay;
  /** With innodb_autoinc_lock_mode 0 or 1, LOAD DATA keeps all others out of a table with AUTO_INCREMENT. */
  readonly sharesCounters: boolean;
}

async function look(session: Session): Promise<Server> {
  const [server] = await select<{ version: string; takesLocal: unknown; counters: unknown }>(
    session,
    "SELECT VERSION() AS version, @@GLOBAL.local_infile AS takesLocal, @@GLOBAL.innodb_autoinc_lock_mode AS counters",
  );
  if (!server?.version.includes("MariaDB")) throw new UnfitForLoader("Only MariaDB is loaded over several connections.");
  return { way: Number(server.takesLocal) === 1 ? "LOAD DATA" : "INSERT", sharesCounters: Number(server.counters) === 2 };
}

interface Loading {
  readonly way: LoadingWay;
  readonly connection: Connection;
  readonly signal: AbortSignal;
}

/** Loads tables over a lane as long as there are any, and makes the keys of those that nobody else is at any more. */
async function loadTables(loader: LoaderLane, { way, connection, signal }: Loading, queue: TableQueue): Promise<void> {
  await using lane = loader;
  await lane.open(way);
  for (let open = queue.next(); open; open = queue.next()) {
    const { table } = open;
    const rows = await lane.load(table, open.take());
    if (!queue.done(open, rows)) continue;
    const stored = table.stretches.reduce((sum, stretch) => sum + stretch.rows, 0);
    // The server left nothing out: then it was not there.
    if (open.rows !== stored) throw alteredRows(`Its table ${table.table} holds ${open.rows} rows instead of ${stored}.`);
    for (const statement of keyStatements(connection.database, table)) await runToEnd(connection, statement, signal);
  }
}

/** So many lanes, whose processes start at once. `await using` them. */
function startLanes(count: number, request: LaneRequest) {
  const lanes = Array.from({ length: count }, () => new LoaderLane(request));
  return {
    lanes,
    async [Symbol.asyncDispose]() {
      await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()));
    },
  };
}

function failureOf({ why, message }: LaneTrouble): Error {
  switch (why) {
    case "unfit":
      return new UnfitForLoader(message);
    case "altered":
      return alteredRows(message);
    case "refused":
      return refusedBy(message, { reason: "SQL_ERROR" });
    default:
      throw why satisfies never;
  }
}

const alteredRows = (what: string) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `The stored dump is not what Holdfast writes. ${what}`,
    "Nothing of it was given to the server as a statement. Restore another backup, and find out who could write to the storage.",
    { reason: "ROWS_ALTERED" },
  );
