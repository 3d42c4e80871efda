import { formatCount } from "../../shared/format.ts";
import type { Connection } from "../domain/connection.ts";
import type { DatabaseSummary, TableSummary } from "../domain/manifest.ts";
import { noLimits, type SourceLimits, threadsOf } from "../domain/source-load.ts";
import type { TableCheck } from "../domain/verification.ts";
import type { DatabaseContent } from "./content.ts";
import { readChecksums, readRangeChecksums, sameRows, type TableChecksum } from "./database/checksums.ts";
import type { Session } from "./database/client.ts";
import { DumpScan } from "./database/dump-scan.ts";
import { countDefinitions, definitionsOf } from "./database/inspect.ts";
import { checksumOf } from "./database/parallel-gate.ts";
import type { ClientTools, Running } from "./part.ts";

export interface TableComparison extends Running {
  readonly content: DatabaseContent;
  readonly connection: Connection;
  readonly tools: ClientTools;
  /** What it may take of this machine; no limits when left out. */
  readonly limits?: SourceLimits;
  observe(bytes: number): void;
}

/**
 * Each table that the backup says it holds, with what the restored database has of it: the rows and their checksum, and
 * where that differs the rows one by one, since a table without a primary key may come back in another order. Tables that
 * came back and that the backup does not name are at the end.
 */
export async function compareTables(comparison: TableComparison): Promise<TableCheck[]> {
  const { content, connection, tools, limits = noLimits, signal, say, observe } = comparison;
  const { tables, engine } = content.summary;
  const present =
    engine === "PARALLEL"
      ? await readRangeChecksums({ connection, tables, threads: threadsOf(limits), signal, observe })
      : await readChecksums(connection, tools, null, signal, observe);
  const uncompared = tables.filter(({ name, checksum }) => checksum === null && present.get(name)?.checksum).length;
  if (uncompared > 0) say("WARN", `Of ${formatCount(uncompared, "table")} only the rows were counted: the backup has no checksum of them.`);
  const unlike = new Set(tables.filter((table) => isUnlike(table, present.get(table.name))).map(({ name }) => name));
  const stored = unlike.size > 0 ? await storedChecksums(content, [...unlike], signal) : new Map<string, string>();

  const checks: TableCheck[] = [];
  for (const expected of tables) {
    const { name: table, rows: expectedRows } = expected;
    const found = present.get(table);
    const problem = unlike.has(table) ? await contentProblem(comparison, expected, stored.get(table)) : countProblem(expected, found);
    checks.push({ table, expectedRows, restoredRows: found?.rows ?? 0, matches: problem === null, problem });
    present.delete(table);
  }
  for (const [table, { rows }] of present)
    checks.push({ table, expectedRows: 0, restoredRows: rows, matches: false, problem: "It came back and is not in the manifest." });
  return checks;
}

function countProblem({ rows }: TableSummary, found: TableChecksum | undefined): string | null {
  if (!found) return "It is missing.";
  return found.rows === rows ? null : `${formatCount(found.rows, "row")} came back instead of ${rows.toLocaleString("en-US")}.`;
}

/** As many rows, but another checksum: another order, another form, or other rows. */
const isUnlike = (expected: TableSummary, found: TableChecksum | undefined) =>
  countProblem(expected, found) === null && expected.checksum !== null && expected.checksum !== found?.checksum;

/** `stored`: the checksum of the table's rows as the stored dump has them now. */
async function contentProblem(
  { content, connection, tools, signal, say }: TableComparison,
  { name, checksum, ranges }: TableSummary,
  stored: string | undefined,
): Promise<string | null> {
  const differs = "Its rows are not those that were backed up.";
  // Rows in several stretches were read in the order of their key.
  if (ranges && (ranges.length !== 1 || checksumOf(ranges) !== checksum)) return differs;
  // To compare the stored rows with what came of them proves something only where they are the recorded ones.
  if (stored !== (ranges ? ranges[0]?.sha256 : checksum)) return differs;
  say("INFO", `Table ${name} came back in another order or form; comparing its rows one by one.`);
  return (await sameRows(content, connection, tools, name, signal)).equal ? null : differs;
}

async function storedChecksums(content: DatabaseContent, tables: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
  const scan = new DumpScan({ rowPerLine: content.summary.flavour === "mariadb" });
  for await (const chunk of content.open(tables, signal)) scan.feed(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  return new Map(scan.finish().tables.map(([name, , checksum]) => [name, checksum]));
}

/** Views, triggers, routines and events that are not as many as the backup says, as problems. */
export async function compareDefinitions(
  session: Session,
  { name, definitions }: DatabaseSummary,
  { say }: Pick<Running, "say">,
): Promise<string[]> {
  const found = countDefinitions(await definitionsOf(session, name));
  return (["views", "triggers", "procedures", "functions", "events"] as const).flatMap((kind) => {
    const [is, wanted] = [found[kind], definitions[kind]];
    if (is === wanted) return [];
    if (kind !== "events" || is > wanted) return [`The restored database has ${is} ${kind} instead of ${wanted}.`];
    say("WARN", `${wanted - is} of ${wanted} events were not made again by the server: their time has passed.`);
    return [];
  });
}
