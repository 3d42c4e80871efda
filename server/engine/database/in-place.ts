import {
  type Brought,
  broughtBy,
  type ComingParts,
  incomingDefinitions,
  incomingTables,
  isOneOf,
  isWhole,
  outgoingDefinitions,
  outgoingTables,
  presentIn,
  tablesOf,
  type Wish,
} from "./choice.ts";
import { type Session, withSession } from "./client.ts";
import { makeDefinitions } from "./definitions.ts";
import { inspectSchema } from "./inspect.ts";
import { compareDefinitions, compareRows, loadDump } from "./load.ts";
import type { LoadRequest } from "./load-request.ts";
import { lackOf, missingForRestore } from "./privileges.ts";
import { tellLostRows } from "./references.ts";
import { dropDefinitions, dropTables, prepareToChange, setCharset } from "./schema-change.ts";
import { DumpSplitter } from "./scripts.ts";

/** What a restore of a database is asked: `mode`, and of what `tables`. */
export type RestoreRequest = LoadRequest & Wish;

/**
 * Loads a backup straight into the target, for accounts that may not create a schema: what has to go is dropped first.
 * The caller has verified the content before. When this rejects, the target is broken: put the pre-restore backup back by
 * this same function.
 */
export async function loadInPlace(request: RestoreRequest): Promise<Brought> {
  const { connection, tools, content, expected, signal, say } = request;
  const target = connection.database;
  const whole = isWhole(request);
  const change = <T>(work: (session: Session) => Promise<T>) =>
    withSession(
      connection,
      async (session) => {
        await prepareToChange(session);
        return work(session);
      },
      { signal },
    );
  const { present, incoming, before } = await change(async (session) => {
    const missing = await missingForRestore(session, target);
    if (missing.privileges.length) throw lackOf(missing, "a restore");
    const [before, present] = [await inspectSchema(session, target), await presentIn(session, target)];
    return { before, present, incoming: incomingTables(content.summary, request, present) };
  });
  if (request.tables && incoming.length === 0) return broughtBy([], []);
  await change(async (session) => {
    say("INFO", whole ? `Emptying the database ${target}.` : `Removing the tables of ${target} that are replaced.`);
    await makeRoom(session, target, request, { incoming, makes: [] });
    if (whole) await setCharset(session, target, expected);
  });
  say("INFO", "Loading the backup straight into it.");
  const splitter = new DumpSplitter({ rowPerLine: expected.flavour === "mariadb", tables: whole ? null : incoming });
  await loadDump({ ...request, tables: request.tables && incoming }, target, splitter);
  if (request.tables === null) compareDefinitions(splitter, expected);
  const makes = incomingDefinitions(splitter.made, request, incoming, present);
  await compareRows(request, target, tablesOf(expected, incoming), whole);
  await change(async (session) => {
    if (!whole) await makeRoom(session, target, request, { incoming: [], makes });
    const script = splitter.definitions(isOneOf(makes), target);
    const making = { makes, script, during: expected, after: whole ? expected : before };
    await makeDefinitions(session, { connection, tools, schema: target, signal }, making, say);
    await tellLostRows(session, { target, staged: target, incoming }, request);
  });
  return broughtBy(tablesOf(expected, incoming), makes);
}

async function makeRoom(session: Session, target: string, wish: Wish, coming: ComingParts): Promise<void> {
  const present = await presentIn(session, target);
  const outgoing = outgoingTables(wish, coming, present);
  await dropDefinitions(session, target, isOneOf(outgoingDefinitions(wish, coming, outgoing, present)));
  await dropTables(session, target, outgoing);
}
