import { createHash } from "node:crypto";
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import { Failure, messageOf } from "../domain/errors.ts";
import { type Migration, readMigrations } from "./migrate/folder.ts";
import { beginMigration, type Entry, finishMigration, readLedger, recordAttempt, recordDone } from "./migrate/ledger.ts";

/** Seconds to wait for another process that migrates the same catalog. */
const patience = 300;

/**
 * Brings the catalog's schema up to date with a folder of drizzle's generated migrations, and returns the tags it applied.
 * Processes that start at once take turns. A crash between or within statements is resumed by the next start.
 * Refuses, before it changes anything, a catalog that a newer release wrote, and a migration that changed after it was applied.
 */
export async function migrate(pool: Pool, folder: string): Promise<readonly string[]> {
  const migrations = await readMigrations(folder);
  const connection = await pool.getConnection();
  const lockName = await lock(connection);
  try {
    await speakUtf8(connection);
    const ledger = new Map((await readLedger(connection)).map((entry) => [entry.tag, entry]));
    checkLedger(ledger, migrations);
    const pending = migrations.filter(({ tag }) => !ledger.get(tag)?.finished);
    for (const migration of pending) await apply(connection, migration, ledger.get(migration.tag));
    return pending.map(({ tag }) => tag);
  } finally {
    // A connection that broke has lost its lock already.
    await connection.query("SELECT RELEASE_LOCK(?)", [lockName]).catch(() => connection.destroy());
    connection.release();
  }
}

/** New tables take their character set from the schema, and a server's default may be one in which file names do not fit. */
async function speakUtf8(connection: PoolConnection): Promise<void> {
  const [[schema]] = await connection.query<RowDataPacket[]>("SELECT @@character_set_database AS charset");
  if (schema?.charset !== "utf8mb4") await connection.query("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci");
}

/** Locks are the server's, not the schema's, and their names have at most 64 characters: so the schema's name goes in by its hash. */
async function lock(connection: PoolConnection): Promise<string> {
  try {
    const [[schema]] = await connection.query<RowDataPacket[]>("SELECT DATABASE() AS name");
    const name = `holdfast-migrate-${createHash("sha256").update(String(schema?.name)).digest("hex").slice(0, 32)}`;
    const [[row]] = await connection.query<RowDataPacket[]>("SELECT GET_LOCK(?, ?) AS locked", [name, patience]);
    if (row?.locked === 1) return name;
  } catch (error) {
    connection.release();
    throw error;
  }
  connection.release();
  throw new Failure(
    "CONFLICT",
    "Another process has been bringing the catalog up to date for minutes.",
    "Wait for it, or end it, and start again.",
  );
}

function checkLedger(ledger: ReadonlyMap<string, Entry>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.tag, migration]));
  for (const { tag, hash } of ledger.values()) {
    const migration = known.get(tag);
    if (!migration)
      throw new Failure(
        "CONFLICT",
        `The catalog was written by a newer Holdfast: this release does not know its migration ${tag}.`,
        "Start that release or a later one. A catalog cannot go back.",
        { reason: "CATALOG_NEWER" },
      );
    if (migration.hash !== hash)
      throw new Failure(
        "CONFLICT",
        `The migration ${tag} is not the one that this catalog was made with.`,
        "Start the release that made the catalog, or one that was made after it. A catalog of a development version is begun anew.",
        { reason: "CATALOG_DIFFERS" },
      );
  }
}

async function apply(connection: PoolConnection, migration: Migration, entry: Entry | undefined): Promise<void> {
  await beginMigration(connection, migration);
  for (let index = entry?.done ?? 0; index < migration.statements.length; index += 1)
    await applyStatement(connection, migration, index, entry?.attempted === index);
  await finishMigration(connection, migration);
}

/**
 * Statements that change rows are in one transaction with their record. Those that change the schema commit by themselves, so after a
 * crash (`interrupted`) it is unknown whether the statement came through, and a complaint that its work is there already says it did.
 */
async function applyStatement(connection: PoolConnection, migration: Migration, index: number, interrupted: boolean): Promise<void> {
  const statement = migration.statements[index] ?? "";
  await recordAttempt(connection, migration, index);
  try {
    await connection.query("START TRANSACTION");
    await connection.query(statement);
  } catch (cause) {
    const code = errorNumber(cause);
    if (!(interrupted && code !== null && appliedAlready(statement, code, cause))) {
      // An answer with an error is an end that we know of; a lost connection is not.
      if (code !== null) {
        await connection.query("ROLLBACK");
        await recordAttempt(connection, migration, null);
      }
      throw new Failure(
        "INTERNAL",
        `The catalog could not be brought up to date: statement ${index + 1} of ${migration.tag} failed: ${messageOf(cause)}`,
        undefined,
        {
          cause,
        },
      );
    }
  }
  await recordDone(connection, migration, index + 1);
  await connection.query("COMMIT");
}

/** The server's error number; null when the connection broke, so that the outcome is unknown. */
function errorNumber(error: unknown): number | null {
  const { errno, sqlState } = error as { errno?: number; sqlState?: string };
  return typeof errno === "number" && sqlState !== undefined ? errno : null;
}

/** Table, column, key or constraint exists, or is gone that was to be dropped; a second primary key; a table that was renamed. */
const appliedCodes = new Set([1050, 1060, 1061, 1091, 1051, 1068, 1826, 1146, 1054, 1304, 1359, 3822]);

function appliedAlready(statement: string, code: number, error: unknown): boolean {
  if (!/^(CREATE|ALTER|DROP|RENAME)\b/i.test(statement)) return false;
  // MariaDB tells a duplicate foreign key as 1005 with InnoDB's error 121.
  return appliedCodes.has(code) || (code === 1005 && messageOf(error).includes("errno: 121"));
}
