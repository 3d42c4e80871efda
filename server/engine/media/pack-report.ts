import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { MediaSummary, Packed } from "../../domain/manifest.ts";
import type { SourceLimits } from "../../domain/source-load.ts";
import type { KeyText } from "../codec/age-header.ts";
import type { Packing, PartProgress } from "../part.ts";
import type { NamedRoot } from "./roots.ts";

/** What the packing child is to do. */
export interface PackJob {
  readonly roots: readonly NamedRoot[];
  readonly exclude: readonly string[];
  readonly packing: Packing;
  readonly limits: SourceLimits;
  /** What the archive is encrypted with; null: it is not. */
  readonly key: KeyText | null;
}

/** What it packed: the archive's size, plain and as stored, and its index's. */
export interface PackResult extends Omit<MediaSummary, "roots"> {
  readonly size: number;
  readonly storedSize: number;
  /** What is inside of an encrypted archive. */
  readonly inside: Packed | null;
  readonly indexSize: number;
}

/** A line of what it tells; the last one has the result. */
export type PackReport = PartProgress | { readonly packed: PackResult };

/** Follows the packing child's descriptor 3 to its end; its result, or null when it ended without one. */
export async function followPack(stream: Readable, observe: (progress: PartProgress) => void): Promise<PackResult | null> {
  let result: PackResult | null = null;
  for await (const text of createInterface({ input: stream })) {
    const line = JSON.parse(text) as PackReport;
    if ("packed" in line) result = line.packed;
    else observe(line);
  }
  return result;
}
