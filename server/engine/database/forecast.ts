import type { Connection } from "../../domain/connection.ts";
import type { DatabaseSummary } from "../../domain/manifest.ts";
import { incomingTables, isWhole, outgoingDefinitions, outgoingTables, presentIn, type Wish } from "./choice.ts";
import { withSession } from "./client.ts";
import { inspectSchema } from "./inspect.ts";
import { lackOf, missingForRestore } from "./privileges.ts";
import { schemaExists } from "./schema-change.ts";

/** What a restore would do to a database as it stands now. */
export interface DatabaseForecast {
  readonly name: string;
  readonly exists: boolean;
  readonly tablesReplaced: readonly string[];
  readonly tablesAdded: readonly string[];
  readonly tablesRemoved: readonly string[];
  readonly tablesKept: readonly string[];
  /** Views, triggers, routines and events of the target that go, as "kind: name". */
  readonly definitionsRemoved: readonly string[];
  /** Null where only reading the dump could tell. */
  readonly definitionsAdded: number | null;
  /** Of the tables that go. */
  readonly currentRowsEstimate: number;
  readonly currentBytes: number;
  /** Where its server keeps it, as far as the server says; null when it is not there. */
  readonly folder: string | null;
}

/** Only reads. Rejects with SOURCE_UNAVAILABLE when the database cannot be reached, or lacks a privilege that a restore needs. */
export const forecastDatabase = (connection: Connection, backup: DatabaseSummary, wish: Wish): Promise<DatabaseForecast> =>
  withSession(
    connection,
    async (session) => {
      const { database: name } = connection;
      const missing = await missingForRestore(session, name);
      if (missing.privileges.length) throw lackOf(missing, "a restore");
      const exists = await schemaExists(session, name);
      const facts = exists ? await inspectSchema(session, name) : null;
      const present = await presentIn(session, name);
      const incoming = incomingTables(backup, wish, present);
      // Which definitions come is in the dump alone: of those that go, the ones that are in the way of tables are certain.
      const coming = { incoming, makes: [] };
      const outgoing = outgoingTables(wish, coming, present);
      const removed = outgoingDefinitions(wish, coming, outgoing, present);
      const gone = (facts?.tables ?? []).filter((table) => outgoing.includes(table.name));
      const [folder] = (await session.query("SELECT @@datadir AS folder"))[0] as { folder: string }[];
      return {
        name,
        exists,
        tablesReplaced: incoming.filter((table) => outgoing.includes(table)),
        tablesAdded: incoming.filter((table) => !outgoing.includes(table)),
        tablesRemoved: outgoing.filter((table) => !incoming.includes(table)),
        tablesKept: present.tables.filter((table) => !outgoing.includes(table)),
        definitionsRemoved: removed.map((definition) => `${definition.kind}: ${definition.name}`),
        definitionsAdded: isWhole(wish) || !exists ? Object.values(backup.definitions).reduce((sum, count) => sum + count, 0) : null,
        currentRowsEstimate: gone.reduce((sum, table) => sum + table.rowsEstimate, 0),
        currentBytes: gone.reduce((sum, table) => sum + table.bytes, 0),
        folder: folder?.folder ?? null,
      };
    },
    { database: false },
  );
