import type { Statement } from "./statement-kind.ts";

interface Part {
  readonly ofTable: boolean;
  table: string | null;
}

/** The dump programs' own words before each thing they dump; those of MariaDB 10 and 11 and of MySQL 5.7 and 8. */
const marks =
  /(?<![^\n])(?:--\n)?-- (?:(?<table>Table structure for table|Sequence structure for)|Temporary (?:table|view) structure for view|Dumping (?:events|routines) for database|Final view structure for view) /g;

/**
 * Finds the sections of a dump: what stands before the first table, each table or sequence (structure, rows, triggers),
 * and what stands between and behind them. They begin at the dump program's comment in front of a statement; text
 * inside a statement never begins one. Tables are named by the statements, not by the comments.
 */
export class DumpLayout {
  readonly #cut: (at: number) => void;
  readonly #parts: Part[] = [{ ofTable: false, table: null }];
  /** Something was not where a dump program puts it. */
  #astray = false;

  /** `cut` hears of each byte of the stream at which a section begins, in order. */
  constructor(cut: (at: number) => void) {
    this.#cut = cut;
  }

  /** The table of each section, in order; null where the dump is not laid out in sections. */
  get tables(): (string | null)[] | null {
    const tables = this.#parts.map(({ table }) => table);
    const named = tables.filter((table) => table !== null);
    return this.#astray || new Set(named).size < named.length ? null : tables;
  }

  /** A statement that begins at the stream's byte `start`; `lead` are the comments in front of it, a character for each byte. */
  statement({ kind, name }: Statement, lead: string, start: number): void {
    for (const mark of lead.matchAll(marks)) this.#begin(mark.groups?.table !== undefined, start + mark.index);
    const part = this.#parts.at(-1);
    if (!part || name === null) return;
    if (kind === "table" && part.ofTable) part.table ??= name;
    if ((kind === "table" || kind === "insert") && part.table !== name) this.#astray = true;
  }

  #begin(ofTable: boolean, at: number): void {
    // What belongs to no table is one section, save for what stands before all.
    if (!ofTable && !this.#parts.at(-1)?.ofTable && this.#parts.length > 1) return;
    if (at === 0) this.#parts.pop();
    else this.#cut(at);
    this.#parts.push({ ofTable, table: null });
  }
}
