import { Failure } from "../../domain/errors.ts";
import type { DatabaseSummary, Section } from "../../domain/manifest.ts";
import type { ToolExit } from "../process.ts";
import type { ScanResult } from "./dump-report.ts";
import type { DumpFacts } from "./dump-scan.ts";
import { countDefinitions, type DatabaseFacts } from "./inspect.ts";

/** How the children of a dump ended; `scan` is null where this process read the dump by itself. */
export interface DumpExits {
  readonly dump: ToolExit;
  readonly scan: ToolExit | null;
}

/** Throws unless the dump is proved whole: every exit status, the trailer, and each object that the server had named before. */
export function demandWhole({ dump, scan }: DumpExits, facts: DumpFacts | undefined, expected: DatabaseFacts): asserts facts is DumpFacts {
  // The one further down first: when it dies, the one before it dies of its broken pipe.
  if (scan) demandScan(scan);
  demandDump(dump);
  if (!facts?.complete)
    throw new Failure(
      "DUMP_FAILED",
      "The dump ended early: its last line is missing, although the dump program reported success.",
      "Take the backup again. If it happens again, run the dump program by hand and look at its end.",
      { reason: "DUMP_INCOMPLETE" },
    );
  const differences = compare(facts, expected);
  if (differences.length)
    throw new Failure(
      "DUMP_FAILED",
      `The dump does not hold what the database held when it began: ${some(differences)}.`,
      "The structure of the database was probably changed during the dump. Take the backup again when no migration is running.",
      { reason: "SCHEMA_CHANGED" },
    );
}

/** Throws unless the process that read the dump ended well. */
export function demandScan(exit: ToolExit): void {
  if (exit.code === 0) return;
  throw new Failure(
    "DUMP_FAILED",
    `The process that reads the dump failed: ${lastLine(exit.stderr) ?? ended(exit)}.`,
    "Check the machine's memory and the log, and take the backup again.",
    { reason: "SCAN_FAILED" },
  );
}

/** Throws unless the sections follow each other without a gap and are all of the `stored` bytes. */
export function demandCover({ facts, sections }: ScanResult, stored: number): void {
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  let [at, bytes] = [0, 0];
  let whole = facts.sections === null || facts.sections.length === sections.length;
  for (const { offset, storedSize, size, frames } of sections) {
    whole &&= offset === at && storedSize === sum(frames.map(([packed]) => packed)) && size === sum(frames.map(([, plain]) => plain));
    at += storedSize;
    bytes += size;
  }
  if (whole && at === stored && bytes === facts.bytes) return;
  throw new Failure(
    "DUMP_FAILED",
    "The sections of the dump are not all of what was stored.",
    "Take the backup again. If it happens again, report this with the operation's log.",
    { reason: "SECTIONS_DIFFER" },
  );
}

/** Throws unless the dump program ended well. */
export function demandDump(exit: ToolExit): void {
  if (exit.signal)
    throw new Failure(
      "DUMP_FAILED",
      `The dump program was ended by ${exit.signal}.`,
      "Check the machine's memory and who ended it, and take the backup again.",
      { reason: "DUMP_KILLED" },
    );
  if (exit.code === 0) return;
  const said = lastLine(exit.stderr);
  throw failureOf("The dump program failed", said ?? ended(exit));
}

/** What to say of what a server, or the dump program for it, `said`; the error's number stands in it. */
export function failureOf(what: string, said: string): Failure {
  const [reason, hint] = causes.find(([pattern]) => pattern.test(said))?.[1] ?? unknownCause;
  return new Failure("DUMP_FAILED", `${what}: ${said}.`, hint, { reason });
}

/** What the server's error numbers mean, as the dump program prints them. */
const causes: readonly (readonly [RegExp, readonly [reason: string, hint: string]])[] = [
  [
    /\b(2006|2013|2002|2003|1927|1053)\b/,
    ["SERVER_GONE", "The connection to the database was lost. Check that the server is running, and take the backup again."],
  ],
  [
    // A table was altered, truncated, or dropped before the dump came to it.
    /\((1412|1146|1054)\)|Error 1412\b/,
    ["SCHEMA_CHANGED", "The structure of the database was changed during the dump. Take the backup again when no migration is running."],
  ],
  [
    /\b(1194|1195|145|144|126|127)\b|is marked as crashed/,
    ["TABLE_CRASHED", "Repair the table that the dump program names with REPAIR TABLE, and take the backup again."],
  ],
];
const unknownCause = ["DUMP_ERROR", "Mend what the dump program names, and take the backup again."] as const;

const ended = (exit: ToolExit) => (exit.signal ? `ended by ${exit.signal}` : `exit status ${exit.code}`);

/** The last thing that a program said, as the end of a sentence. */
const lastLine = (stderr: string) =>
  stderr
    .split("\n")
    .findLast((line) => line.trim() !== "")
    ?.trim()
    .replace(/\.$/, "")
    .slice(0, 500);

function compare(facts: DumpFacts, { tables, definitions }: DatabaseFacts): string[] {
  const pairs = [
    ["table", tables.map(({ name }) => name), facts.tables.map(([name]) => name)],
    ["view", definitions.views, facts.views],
    ["trigger", definitions.triggers, facts.triggers],
    ["procedure", definitions.procedures, facts.procedures],
    ["function", definitions.functions, facts.functions],
    ["event", definitions.events, facts.events],
  ] as const;
  return pairs.flatMap(([noun, before, seen]) => [
    ...[...new Set(before)].filter((name) => !seen.includes(name)).map((name) => `${noun} ${name} is missing`),
    ...seen.filter((name) => !before.includes(name)).map((name) => `${noun} ${name} is new`),
  ]);
}

const some = (items: readonly string[]) =>
  items.length > 5 ? `${items.slice(0, 5).join(", ")} and ${items.length - 5} more` : items.join(", ");

/** The record of the dump for the manifest. */
export function summarize(name: string, result: ScanResult, before: DatabaseFacts, notes: readonly string[]): DatabaseSummary {
  const { facts } = result;
  const tables = new Map(facts.tables.map(([table, rows, checksum]) => [table, { rows, checksum }]));
  return {
    name,
    flavour: before.flavour,
    serverVersion: before.serverVersion,
    characterSet: before.characterSet,
    collation: before.collation,
    // A sequence is one row, which its dump sets without an INSERT.
    tables: before.tables.map(({ name, kind, engine, bytes }) => ({
      name,
      ...(kind === "sequence" ? { rows: 1, checksum: null } : (tables.get(name) ?? { rows: 0, checksum: null })),
      engine,
      bytes,
      ranges: null,
    })),
    definitions: countDefinitions(before.definitions),
    dataBytes: before.dataBytes,
    notes,
    sections: sectionsOf(result),
    binlog: facts.binlog,
    engine: "MYSQLDUMP",
    snapshot: null,
  };
}

/** The sections with their tables; null where the dump is not laid out in sections, so that it can only be read whole. */
const sectionsOf = ({ facts, sections }: ScanResult): Section[] | null =>
  facts.sections?.flatMap((table, index) => {
    const section = sections[index];
    return section ? [{ table, ...section }] : [];
  }) ?? null;
