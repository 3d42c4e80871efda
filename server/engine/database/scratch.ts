import { formatCount } from "../../../shared/format.ts";
import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import {
  broughtBy,
  incomingDefinitions,
  incomingTables,
  isOneOf,
  isWhole,
  outgoingDefinitions,
  outgoingTables,
  presentIn,
  tablesOf,
} from "./choice.ts";
import { type Session, withSession } from "./client.ts";
import { takeDefinitions } from "./definitions.ts";
import type { RestoreRequest } from "./in-place.ts";
import { inspectSchema } from "./inspect.ts";
import { endConnections } from "./left-connections.ts";
import { compareDefinitions, compareRows, loadDump } from "./load.ts";
import { quoteName } from "./names.ts";
import { currentAccount, lackOf, missingForDump, missingForRestore } from "./privileges.ts";
import { referencesInto, tellLostRows } from "./references.ts";
import { charsetClause, type PresentDefinition, prepareToChange, type SchemaCharset, schemaExists } from "./schema-change.ts";
import { refuseOutsideReferences, tryDefinitions } from "./scratch-check.ts";
import { type Definition, type DefinitionName, DumpSplitter, packScript } from "./scripts.ts";
import type { DatabaseSwapPlan } from "./swap.ts";

export interface StageRequest extends RestoreRequest {
  /** Names the schemas beside the target; the same restore finds its own again. */
  readonly restoreId: string;
}

/**
 * Loads a backup into a scratch schema beside the target, proves it whole, and tells how to swap it in; null when the
 * target has all of it already. The target is only read. When this rejects, no scratch schema stays behind, unless the
 * server does not let go of it now: whoever keeps a journal calls `discardScratch` until it is gone. The plan is plain JSON,
 * for that journal.
 */
export async function stageDatabase(request: StageRequest): Promise<DatabaseSwapPlan | null> {
  const { connection, restoreId } = request;
  const names = scratchNames(restoreId);
  try {
    const plan = await stage(request, names);
    if (!plan) await discardScratch(connection, restoreId);
    return plan;
  } catch (error) {
    // What failed first is what has to be told, also where the server then cannot be asked for anything.
    await discardScratch(connection, restoreId).catch(() => {});
    throw error;
  }
}

const scratchNames = (restoreId: string) => ({
  scratch: `_holdfast_new_${restoreId.slice(0, 8)}`,
  old: `_holdfast_old_${restoreId.slice(0, 8)}`,
});

/** Removes what a restore left that never came to its swap; harmless when there is nothing. */
export async function discardScratch(connection: Connection, restoreId: string): Promise<void> {
  const { scratch } = scratchNames(restoreId);
  await withSession(
    connection,
    async (session) => {
      await prepareToChange(session);
      if (!(await schemaExists(session, scratch))) return;
      await endConnections(session, scratch);
      await session.query(`DROP DATABASE IF EXISTS ${quoteName(scratch)}`);
    },
    { database: false },
  );
}

async function stage(request: StageRequest, names: ReturnType<typeof scratchNames>): Promise<DatabaseSwapPlan | null> {
  const { connection, tools, content, expected, signal, say } = request;
  const target = connection.database;
  const whole = isWhole(request);
  const { before, present } = await withSession(
    connection,
    async (session) => {
      await refuseUnfit(session, target);
      return { before: await inspectSchema(session, target), present: await presentIn(session, target) };
    },
    { signal },
  );
  const incoming = incomingTables(content.summary, request, present);
  if (request.tables && incoming.length === 0) return null;
  await withSession(connection, (session) => createSchemas(session, names, expected), { signal });
  const splitter = new DumpSplitter({ rowPerLine: expected.flavour === "mariadb", tables: whole ? null : incoming });
  await loadDump({ ...request, tables: request.tables && incoming }, names.scratch, splitter);
  if (request.tables === null) compareDefinitions(splitter, expected);
  const makes = incomingDefinitions(splitter.made, request, incoming, present);
  if (incoming.length === 0 && makes.length === 0 && !whole) return null;
  for (const trigger of leftOut(splitter, incoming, makes))
    say("WARN", `The trigger ${trigger} is not made: the target has one of that name on another table, which stays.`);
  const outgoing = outgoingTables(request, { incoming, makes }, present);
  const takes = outgoingDefinitions(request, { incoming, makes }, outgoing, present);
  say("INFO", `Loaded ${formatCount(incoming.length, "table")}; comparing their rows with the manifest.`);
  // Side by side; both have ended before the scratch schema may go.
  const [compared, taken] = await Promise.allSettled([
    compareRows(request, names.scratch, tablesOf(expected, incoming), true),
    takeDefinitions(connection, tools, signal),
  ]);
  if (compared.status === "rejected") throw compared.reason;
  if (taken.status === "rejected") throw taken.reason;
  const old = taken.value;
  const returns = old.made.filter(isReturned(takes));
  const references = await withSession(
    connection,
    async (session) => {
      await prepareToChange(session);
      await tryDefinitions(session, names.scratch, [...makes, ...returns]);
      if (!whole) await tellLostRows(session, { target, staged: names.scratch, incoming }, request);
      return whole ? [] : referencesInto(session, target, [...incoming, ...outgoing]);
    },
    { signal },
  );
  const newCharset = { characterSet: expected.characterSet, collation: expected.collation };
  const oldCharset = { characterSet: before.characterSet, collation: before.collation };
  return {
    target,
    ...names,
    whole,
    incoming,
    outgoing,
    takes: takes.map(nameOf),
    makes: makes.map(nameOf),
    returns: returns.map(nameOf),
    references,
    oldDefinitions: packScript(old.definitions(isOneOf(returns))),
    newDefinitions: packScript(splitter.definitions(isOneOf(makes), target)),
    oldCharset,
    newCharset,
    finalCharset: whole ? newCharset : oldCharset,
    brought: broughtBy(tablesOf(expected, incoming), makes),
  };
}

const nameOf = ({ kind, name }: DefinitionName) => ({ kind, name });

/** Triggers of tables that come, whose name the target needs for another. */
const leftOut = ({ made }: DumpSplitter, incoming: readonly string[], makes: readonly Definition[]) =>
  made.flatMap((definition) => {
    const comes = definition.kind === "trigger" && definition.table !== null && incoming.includes(definition.table);
    return comes && !makes.includes(definition) ? [definition.name] : [];
  });

/** What a way back makes anew: what goes, and with one trigger all of its table, since their order is that of their making. */
function isReturned(takes: readonly PresentDefinition[]): (definition: Definition) => boolean {
  const [goes, touched] = [isOneOf(takes), new Set(takes.map(({ table }) => table))];
  return (definition) => goes(definition) || (definition.table !== null && touched.has(definition.table));
}

/** What would make the swap, or the way back from it, fail half way is refused before anything is made. */
async function refuseUnfit(session: Session, target: string): Promise<void> {
  const forRestore = await missingForRestore(session, target);
  if (forRestore.privileges.length) throw lackOf(forRestore, "a restore");
  const forDump = await missingForDump(session, target);
  if (forDump.privileges.length) throw lackOf(forDump, "keeping the present definitions for a way back");
  await refuseOutsideReferences(session, target);
}

/** Makes the scratch schema; the one for the old tables is only tried, since its presence says that the swap has begun. */
async function createSchemas(session: Session, { scratch, old }: ReturnType<typeof scratchNames>, charset: SchemaCharset): Promise<void> {
  await prepareToChange(session);
  await session.query(`DROP DATABASE IF EXISTS ${quoteName(scratch)}`).catch(noRight);
  try {
    await session.query(`CREATE DATABASE ${quoteName(scratch)} ${charsetClause(charset)}`);
    await session.query(`CREATE DATABASE ${quoteName(old)}`);
    await session.query(`DROP DATABASE ${quoteName(old)}`);
  } catch (error) {
    throw (await deniedScratch(session, error)) ?? error;
  }
}

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : "");

/** Where the account may not drop, it may not create either, and that says it better. */
function noRight(error: unknown): void {
  if (codeOf(error) !== "ER_DBACCESS_DENIED_ERROR") throw error;
}

async function deniedScratch(session: Session, error: unknown): Promise<Failure | null> {
  const code = codeOf(error);
  if (code === "ER_UNKNOWN_CHARACTER_SET" || code === "ER_UNKNOWN_COLLATION")
    return new Failure(
      "LOAD_FAILED",
      "The server does not know the character set of the backup.",
      "Restore to a server of the same kind and a version that is not older.",
      { cause: error },
    );
  if (code !== "ER_DBACCESS_DENIED_ERROR") return null;
  return new Failure(
    "LOAD_FAILED",
    "The database account may not create the scratch schema that a staged restore loads into.",
    `Run as an administrator of the database: GRANT ALL ON \`\\_holdfast\\_%\`.* TO ${await currentAccount(session)}; or restore in place (staged: false).`,
    { cause: error, reason: "SCRATCH_DENIED" },
  );
}
