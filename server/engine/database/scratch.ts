import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import { type Session, withSession } from "./client.ts";
import { takeDefinitions } from "./definitions.ts";
import { inspectSchema } from "./inspect.ts";
import { compareRows, type LoadRequest, loadDump } from "./load.ts";
import { quoteName } from "./names.ts";
import { currentAccount, lackOf, missingForDump, missingForRestore } from "./privileges.ts";
import { charsetClause, prepareToChange, type SchemaCharset, schemaExists, tableNames } from "./schema-change.ts";
import { refuseOutsideReferences, tryDefinitions } from "./scratch-check.ts";
import { DumpSplitter, packScript } from "./scripts.ts";
import type { DatabaseSwapPlan } from "./swap.ts";

export interface StageRequest extends LoadRequest {
  /** Names the schemas beside the target; the same restore finds its own again. */
  readonly restoreId: string;
}

/**
 * Loads a backup into a scratch schema beside the target, proves it whole, and tells how to swap it in. The target is
 * only read. When this rejects, no scratch schema stays behind. The plan is plain JSON, for a journal.
 */
export async function stageDatabase(request: StageRequest): Promise<DatabaseSwapPlan> {
  const { connection, restoreId } = request;
  const names = scratchNames(restoreId);
  try {
    return await stage(request, names);
  } catch (error) {
    await discardScratch(connection, restoreId);
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
      if (await schemaExists(session, scratch)) await session.query(`DROP DATABASE IF EXISTS ${quoteName(scratch)}`);
    },
    { database: false },
  );
}

async function stage(request: StageRequest, names: ReturnType<typeof scratchNames>): Promise<DatabaseSwapPlan> {
  const { connection, tools, expected, signal, say } = request;
  const target = connection.database;
  const before = await withSession(
    connection,
    async (session) => {
      await refuseUnfit(session, target);
      await createSchemas(session, names, expected);
      return inspectSchema(session, target);
    },
    { signal },
  );
  const splitter = new DumpSplitter({ rowPerLine: expected.flavour === "mariadb" });
  await loadDump(request, names.scratch, splitter);
  say("INFO", `Loaded ${expected.tables.length} tables; comparing their rows with the manifest.`);
  await withSession(
    connection,
    async (session) => {
      await prepareToChange(session);
      await compareRows(session, names.scratch, expected);
      await tryDefinitions(session, names.scratch, splitter);
    },
    { signal },
  );
  const oldDefinitions = await takeDefinitions(connection, tools, signal);
  return {
    target,
    ...names,
    incoming: expected.tables.map(({ name }) => name),
    outgoing: await withSession(connection, (session) => tableNames(session, target), { signal }),
    oldDefinitions: packScript(oldDefinitions),
    newDefinitions: packScript(splitter.definitions()),
    oldCharset: { characterSet: before.characterSet, collation: before.collation },
    newCharset: { characterSet: expected.characterSet, collation: expected.collation },
    definitions: expected.definitions,
  };
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
