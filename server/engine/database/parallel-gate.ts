import { createHash } from "node:crypto";
import { Failure } from "../../domain/errors.ts";
import type { DatabaseSummary, RowRange, SharedSnapshot } from "../../domain/manifest.ts";
import type { ToolExit } from "../process.ts";
import { demandDump, demandScan, failureOf } from "./dump-gate.ts";
import type { ParallelResult, ReadTable, TableJob } from "./parallel-messages.ts";
import type { ReadingEnd } from "./parallel-process.ts";
import type { TableColumns } from "./row-columns.ts";

/** Throws unless the child that read the database said well how it ended; `structure` is how the dump program did, whose fault it may have been. */
export function demandRead(
  exit: ToolExit,
  end: ReadingEnd,
  structure: ToolExit | null,
): NonNullable<Exclude<ReadingEnd, { kind: "failed" }>> {
  if (end?.kind === "failed" && end.errno > 0)
    throw failureOf("The database could not be read to its end", `${end.message} (${end.errno})`);
  // Its own pipe breaks when the child goes away, which then says why.
  if (structure && structure.code !== 0 && !/Errcode: 32|Broken pipe|errno 32/i.test(structure.stderr)) demandDump(structure);
  if (end?.kind === "failed") throw failureOf("The database could not be read to its end", end.message);
  if (exit.signal)
    throw new Failure(
      "DUMP_FAILED",
      `The process that reads the database was ended by ${exit.signal}.`,
      "Check the machine's memory and who ended it, and take the backup again.",
      { reason: "DUMP_KILLED" },
    );
  demandScan(exit);
  if (end) return end;
  throw new Error("The process that reads the database ended without a word");
}

/** Throws unless every stretch of every table was read to its end. */
export function demandRanges(found: readonly ReadTable[], wanted: readonly TableJob[]): void {
  const ranges = new Map(found);
  const short = wanted.find(({ name, bounds }) => ranges.get(name)?.length !== bounds.length);
  if (!short) return;
  throw new Failure(
    "DUMP_FAILED",
    `Table ${short.name} was not read to its end, although no connection said so.`,
    "Take the backup again. If it happens again, report this with the operation's log.",
    { reason: "ROWS_MISSING" },
  );
}

/** Throws where a table has other columns, or another key, than when the dump began: its rows and its definition may not fit. */
export function demandSameColumns(before: ReadonlyMap<string, TableColumns>, after: ReadonlyMap<string, TableColumns>): void {
  const changed = [...before].find(([name, { told }]) => after.get(name)?.told !== told);
  if (!changed) return;
  throw new Failure(
    "DUMP_FAILED",
    `Table ${changed[0]} was altered while it was dumped.`,
    "Take the backup again when no migration is running.",
    { reason: "SCHEMA_CHANGED" },
  );
}

/** The record of the dump: `structure` with what was read of its tables. */
export function withRows(structure: DatabaseSummary, found: ParallelResult, snapshot: SharedSnapshot | null): DatabaseSummary {
  const ranges = new Map(found.tables);
  return {
    ...structure,
    tables: structure.tables.map((table) => {
      const read = ranges.get(table.name);
      return read ? { ...table, rows: rowsOf(read), checksum: checksumOf(read), ranges: read } : table;
    }),
    sections: found.sections,
    binlog: found.binlog,
    engine: "PARALLEL",
    snapshot,
  };
}

const rowsOf = (ranges: readonly RowRange[]) => ranges.reduce((sum, { rows }) => sum + rows, 0);

/** The checksum of a table is that of its stretches' digests, one after the other. */
export function checksumOf(ranges: readonly Pick<RowRange, "sha256">[]): string {
  const hash = createHash("sha256");
  for (const { sha256 } of ranges) hash.update(sha256, "hex");
  return hash.digest("hex");
}
