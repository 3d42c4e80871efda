import type { DatabaseSummary } from "../domain/manifest.ts";
import type { DatabaseContent } from "./content.ts";
import { type DumpFacts, DumpScan } from "./database/dump-scan.ts";
import type { PartProgress } from "./part.ts";

/** Reads a dump to its end and resolves to what it does not hold as its record says, as sentences; throws ARTIFACT_CORRUPT for bytes that are not what was stored. */
export async function checkDump(
  content: DatabaseContent,
  signal: AbortSignal,
  observe: (progress: PartProgress) => void,
): Promise<string[]> {
  const scan = new DumpScan({ rowPerLine: content.summary.flavour === "mariadb" });
  for await (const chunk of content.open(null, signal)) {
    scan.feed(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    observe({ bytes: scan.bytes, item: scan.table });
  }
  return differences(scan.finish(), content.summary, content.size(null));
}

/** Where a dump's own stream and the record of it part, as sentences. */
function differences(facts: DumpFacts, summary: DatabaseSummary, size: number): string[] {
  const problems = [
    ...(facts.complete ? [] : ["The dump is cut off: its last line is missing."]),
    ...(facts.bytes === size ? [] : [`The dump has ${facts.bytes} bytes instead of ${size}.`]),
  ];
  const found = new Map(facts.tables.map(([name, ...held]) => [name, held]));
  for (const { name, rows, checksum, ranges } of summary.tables) {
    const [held, hash] = found.get(name) ?? [];
    found.delete(name);
    // A sequence counts as one row, which its dump sets without an INSERT.
    const sequence = held === 0 && rows === 1 && checksum === null;
    if (held === undefined) problems.push(`Table ${name} is missing in the dump.`);
    else if (held !== rows && !sequence) problems.push(`Table ${name} has ${held} rows in the dump instead of ${rows}.`);
    // Of stretches that were read side by side there is no checksum in the order of the file; each run of frames has its own.
    else if (checksum !== null && ranges === null && hash !== checksum)
      problems.push(`Table ${name} has other rows in the dump than were recorded.`);
  }
  for (const name of found.keys()) problems.push(`Table ${name} is in the dump and not in the manifest.`);
  for (const kind of ["views", "triggers", "procedures", "functions", "events"] as const)
    if (facts[kind].length !== summary.definitions[kind])
      problems.push(`The dump has ${facts[kind].length} ${kind} instead of ${summary.definitions[kind]}.`);
  return problems;
}
