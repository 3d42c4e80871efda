import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { PartProgress } from "../part.ts";
import type { DumpFacts } from "./dump-scan.ts";

/** What the scanning child tells, as it comes. */
export interface DumpReport {
  progress(): PartProgress;
  /** What the whole stream held; null when the child ended without saying. */
  readonly facts: Promise<DumpFacts | null>;
}

type Line = Partial<PartProgress> & { readonly facts?: DumpFacts };

/** Follows the scanning child's descriptor 3. */
export function followReport(stream: Readable): DumpReport {
  let progress: PartProgress = { bytes: 0, item: null };
  const read = async () => {
    let facts: DumpFacts | null = null;
    for await (const text of createInterface({ input: stream })) {
      const line = JSON.parse(text) as Line;
      if (line.facts) facts = line.facts;
      progress = { bytes: line.facts?.bytes ?? line.bytes ?? progress.bytes, item: line.item ?? progress.item };
    }
    return facts;
  };
  return { progress: () => progress, facts: read().catch(() => null) };
}
