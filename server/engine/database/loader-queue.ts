import type { RowStretch } from "../content.ts";
import type { LoaderTable } from "./loader-tables.ts";

/** A table being loaded: what of it nobody has taken yet, and what came of the rest. */
class OpenTable {
  readonly table: LoaderTable;
  readonly #rest: RowStretch[];
  lanes = 0;
  rows = 0;

  constructor(table: LoaderTable) {
    this.table = table;
    this.#rest = [...table.stretches];
  }

  /** As long as there are any, whoever asks first gets the next. */
  *take(): Generator<RowStretch, void> {
    for (let next = this.#rest.shift(); next; next = this.#rest.shift()) yield next;
  }

  get left(): number {
    return this.#rest.length;
  }
}

export type { OpenTable };

/** Hands out tables, those first that take longest, so that all lanes end at about the same time; when all are taken, parts of those that several lanes may load at the same time. */
export class TableQueue {
  readonly #waiting: LoaderTable[];
  readonly #open: OpenTable[] = [];
  readonly #countersShared: boolean;

  /** `countersShared`: several lanes may load a table with AUTO_INCREMENT. */
  constructor(tables: readonly LoaderTable[], countersShared: boolean) {
    this.#waiting = [...tables].sort((a, b) => b.effort - a.effort);
    this.#countersShared = countersShared;
  }

  /** How many lanes have work at the beginning. */
  get parts(): number {
    return this.#waiting.reduce((sum, table) => sum + (this.#shares(table) ? table.stretches.length : 1), 0);
  }

  /** A table for a lane that has none; null when nothing is left. Tell `done` when it has loaded what it took. */
  next(): OpenTable | null {
    const first = this.#waiting.shift();
    const table = first ? new OpenTable(first) : this.#open.find((open) => open.left > 1 && this.#shares(open.table));
    if (!table) return null;
    if (first) this.#open.push(table);
    table.lanes += 1;
    return table;
  }

  /** A lane took what was left of the table and loaded it; true when no other is still at it. */
  done(table: OpenTable, rows: number): boolean {
    table.rows += rows;
    table.lanes -= 1;
    return table.lanes === 0;
  }

  #shares({ deferred }: LoaderTable): boolean {
    return deferred !== null && (this.#countersShared || !deferred.counts);
  }
}
