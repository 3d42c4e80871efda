import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import { withSession } from "./client.ts";
import { quoteName, quotePattern } from "./names.ts";
import { currentAccount } from "./privileges.ts";
import {
  charsetClause,
  dropDefinitions,
  dropTables,
  prepareToChange,
  presentDefinitions,
  type SchemaCharset,
  schemaExists,
  tableNames,
} from "./schema-change.ts";

/** What a database is to a restore that has no safety copy to take: an empty one, or one that is not there, loses nothing. */
export type Occupancy = "missing" | "empty" | "filled";

export const occupancyOf = (connection: Connection): Promise<Occupancy> =>
  withSession(
    connection,
    async (session) => {
      if (!(await schemaExists(session, connection.database))) return "missing";
      const held =
        (await tableNames(session, connection.database)).length + (await presentDefinitions(session, connection.database)).length;
      return held > 0 ? "filled" : "empty";
    },
    { database: false },
  );

/** Makes the database with the backup's character set. Rejects with LOAD_FAILED and the GRANT that is missing. */
export const makeDatabase = (connection: Connection, charset: SchemaCharset): Promise<void> =>
  withSession(
    connection,
    async (session) => {
      try {
        await session.query(`CREATE DATABASE IF NOT EXISTS ${quoteName(connection.database)} ${charsetClause(charset)}`);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ER_DBACCESS_DENIED_ERROR")) throw error;
        throw new Failure(
          "LOAD_FAILED",
          `The database account may not make the database ${connection.database}.`,
          `Run as an administrator of the database: GRANT ALL ON ${quotePattern(connection.database)}.* TO ${await currentAccount(session)};`,
          { cause: error, reason: "PRIVILEGES_MISSING" },
        );
      }
    },
    { database: false },
  );

/** Drops the database if it is there and holds nothing. */
export async function dropEmpty(connection: Connection): Promise<void> {
  if ((await occupancyOf(connection)) !== "empty") return;
  await withSession(connection, (session) => session.query(`DROP DATABASE IF EXISTS ${quoteName(connection.database)}`), {
    database: false,
  });
}

/** Empties a database that was empty before the restore; harmless where it is not there. */
export const discardLoaded = (connection: Connection): Promise<void> =>
  withSession(
    connection,
    async (session) => {
      await prepareToChange(session);
      await dropDefinitions(session, connection.database);
      await dropTables(session, connection.database);
    },
    { database: false },
  );
