import { formatCount } from "../../shared/format.ts";
import type { DatabaseSummary } from "../domain/manifest.ts";
import type { TableCheck } from "../domain/verification.ts";
import { type Session, select } from "./database/client.ts";
import { countDefinitions, definitionsOf } from "./database/inspect.ts";
import { qualify } from "./database/names.ts";
import { tableNames } from "./database/schema-change.ts";
import type { Running } from "./part.ts";

/** Each table that the backup says it holds, with what the restored database has of it. */
export async function compareTables(
  session: Session,
  summary: DatabaseSummary,
  observe: (part: number, table: string) => void,
): Promise<TableCheck[]> {
  const present = new Set(await tableNames(session, summary.name));
  const checks: TableCheck[] = [];
  for (const [index, { name: table, rows: expectedRows }] of summary.tables.entries()) {
    observe(index / summary.tables.length, table);
    const restoredRows = present.has(table) ? await countRows(session, summary.name, table) : 0;
    const problem = !present.has(table)
      ? "it is missing."
      : restoredRows === expectedRows
        ? null
        : `${formatCount(restoredRows, "row")} came back instead of ${expectedRows}.`;
    checks.push({ table, expectedRows, restoredRows, matches: problem === null, problem });
  }
  return checks;
}

async function countRows(session: Session, schema: string, table: string): Promise<number> {
  const [found] = await select<{ rows: unknown }>(session, `SELECT COUNT(*) AS \`rows\` FROM ${qualify(schema, table)}`);
  return Number(found?.rows);
}

/** Tables that came back and that the backup does not name, as problems. */
export async function extraTables(session: Session, summary: DatabaseSummary): Promise<string[]> {
  const known = new Set(summary.tables.map(({ name }) => name));
  const present = await tableNames(session, summary.name);
  return present.filter((name) => !known.has(name)).map((name) => `Table ${name} came back and is not in the manifest.`);
}

/** Views, triggers, routines and events that are not as many as the backup says, as problems. */
export async function compareDefinitions(
  session: Session,
  { name, definitions }: DatabaseSummary,
  { say }: Pick<Running, "say">,
): Promise<string[]> {
  const found = countDefinitions(await definitionsOf(session, name));
  return (["views", "triggers", "procedures", "functions", "events"] as const).flatMap((kind) => {
    if (found[kind] === definitions[kind]) return [];
    if (kind === "events" && found.events < definitions.events) {
      say(
        "WARN",
        `${definitions.events - found.events} of ${definitions.events} events were not made again by the server: their time has passed.`,
      );
      return [];
    }
    return [`${found[kind]} ${kind} came back instead of ${definitions[kind]}.`];
  });
}
