import { Failure } from "../../domain/errors.ts";
import type { DatabaseSummary } from "../../domain/manifest.ts";
import type { ToolExit } from "../process.ts";
import type { DumpFacts } from "./dump-scan.ts";
import { countDefinitions, type DatabaseFacts } from "./inspect.ts";

/** How the children of a dump ended. `compress` is null where this process compresses by itself. */
export interface DumpExits {
  readonly dump: ToolExit;
  readonly scan: ToolExit;
  readonly compress: ToolExit | null;
}

/** Throws unless the dump is proved whole: every exit status, the trailer, and each object that the server had named before. */
export function demandWhole(exits: DumpExits, facts: DumpFacts | null, expected: DatabaseFacts): asserts facts is DumpFacts {
  // The one further down first: when it dies, those before it die of its broken pipe.
  if (exits.compress) demandExit("zstd", exits.compress, "COMPRESSOR_FAILED");
  demandExit("The process that reads the dump", exits.scan, "SCAN_FAILED");
  demandDump(exits.dump);
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

function demandExit(what: string, exit: ToolExit, reason: string): void {
  if (exit.code === 0) return;
  throw new Failure(
    "DUMP_FAILED",
    `${what} failed: ${lastLine(exit.stderr) ?? ended(exit)}.`,
    "Check the machine's memory and the log, and take the backup again.",
    { reason },
  );
}

function demandDump(exit: ToolExit): void {
  if (exit.signal)
    throw new Failure(
      "DUMP_FAILED",
      `The dump program was ended by ${exit.signal}.`,
      "Check the machine's memory and who ended it, and take the backup again.",
      { reason: "DUMP_KILLED" },
    );
  if (exit.code === 0) return;
  const said = lastLine(exit.stderr);
  const gone = /\b(2006|2013|2002|2003)\b/.test(said ?? "");
  throw new Failure(
    "DUMP_FAILED",
    `The dump program failed: ${said ?? ended(exit)}.`,
    gone
      ? "The connection to the database was lost. Check that the server is running, and take the backup again."
      : "Mend what the dump program names, and take the backup again.",
    {
      reason: gone ? "SERVER_GONE" : "DUMP_ERROR",
    },
  );
}

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
export function summarize(name: string, facts: DumpFacts, before: DatabaseFacts, notes: readonly string[]): DatabaseSummary {
  const rows = new Map(facts.tables);
  return {
    name,
    flavour: before.flavour,
    serverVersion: before.serverVersion,
    characterSet: before.characterSet,
    collation: before.collation,
    // A sequence is one row, which its dump sets without an INSERT.
    tables: before.tables.map(({ name, kind, engine, bytes }) => ({
      name,
      rows: kind === "sequence" ? 1 : (rows.get(name) ?? 0),
      checksum: null,
      engine,
      bytes,
    })),
    definitions: countDefinitions(before.definitions),
    dataBytes: before.dataBytes,
    notes,
    sections: null,
    binlog: null,
  };
}
