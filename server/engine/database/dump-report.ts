import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Section } from "../../domain/manifest.ts";
import type { PartProgress } from "../part.ts";
import type { DumpFacts } from "./dump-scan.ts";

/** A line of what the scanning child tells; the last one has the facts. */
export type ScanReport = PartProgress | ScanResult;

/** What the whole stream held, and the sections as they were written, in order. */
export interface ScanResult {
  readonly facts: DumpFacts;
  readonly sections: readonly Omit<Section, "table">[];
}

/** What the scanning child tells, as it comes. */
export interface DumpReport {
  progress(): PartProgress;
  /** Null when the child ended without saying. */
  readonly result: Promise<ScanResult | null>;
}

/** Follows the scanning child's descriptor 3. */
export function followReport(stream: Readable): DumpReport {
  let progress: PartProgress = { bytes: 0, item: null };
  const read = async () => {
    let result: ScanResult | null = null;
    for await (const text of createInterface({ input: stream })) {
      const line = JSON.parse(text) as ScanReport;
      if ("facts" in line) {
        result = line;
        progress = { ...progress, bytes: line.facts.bytes };
      } else progress = { bytes: line.bytes, item: line.item ?? progress.item };
    }
    return result;
  };
  return { progress: () => progress, result: read().catch(() => null) };
}
