import type { RowRange } from "../../domain/manifest.ts";
import type { ParallelJob, RangeJob, ReadTable } from "./parallel-messages.ts";

/** What comes of each stretch of each table. */
export class FoundRanges {
  /** The largest first, so that none is left over at the end. */
  readonly jobs: readonly RangeJob[];
  readonly #ranges: Map<string, (RowRange | null)[]>;

  constructor({ tables }: ParallelJob) {
    const jobs = tables.flatMap((table) => table.bounds.map((_, range) => ({ table, range })));
    const size = ({ table }: RangeJob) => table.bytes / table.bounds.length;
    this.jobs = jobs.sort((a, b) => size(b) - size(a));
    this.#ranges = new Map(tables.map(({ name, bounds }) => [name, bounds.map(() => null)]));
  }

  add({ table: { name, bounds }, range }: RangeJob, { rows, sha256 }: { readonly rows: number; readonly sha256: string }): void {
    const ranges = this.#ranges.get(name);
    if (ranges) ranges[range] = { upTo: bounds[range] ?? null, rows, sha256 };
  }

  get tables(): ReadTable[] {
    return [...this.#ranges].map(([name, ranges]) => [name, ranges.filter((range) => range !== null)]);
  }
}
