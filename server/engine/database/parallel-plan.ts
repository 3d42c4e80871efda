import { type Session, select } from "./client.ts";
import type { TableFacts } from "./inspect.ts";
import { inOrder, placesOf } from "./key-places.ts";
import { quoteName } from "./names.ts";
import type { TableJob } from "./parallel-messages.ts";
import { between } from "./parallel-query.ts";
import type { KeyColumn, TableColumns } from "./row-columns.ts";

/** A stretch holds about so much of a table's data. */
const [fewestBytes, mostBytes] = [8 * 1024 * 1024, 64 * 1024 * 1024];
/** Enough for all threads to end at about the same time. */
const stretchesForThread = 24;
/** A table is asked about so many times for each stretch that it should have, at most. */
const questionsForStretch = 6;

/**
 * The tables as they are to be read: large ones in stretches of their primary key that hold about as much each. The
 * server is asked only for estimates, which cost it next to nothing however large a table is.
 */
export async function planTables(
  session: Session,
  tables: readonly TableFacts[],
  columns: ReadonlyMap<string, TableColumns>,
  threads: number,
): Promise<TableJob[]> {
  const total = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  const target = Math.min(mostBytes, Math.max(fewestBytes, total / (threads * stretchesForThread)));
  const jobs: TableJob[] = [];
  for (const { name, kind, engine, bytes, rowsEstimate } of tables) {
    const found = columns.get(name);
    if (kind === "sequence" || !found) continue;
    const { key } = found;
    const splits = kind === "table" && engine === "InnoDB" && bytes > 1.5 * target && key[0] && placesOf(key[0]) && rowsEstimate > 0;
    const bounds = splits
      ? await new Bounds(session, name, key, (rowsEstimate * target) / bytes, Math.ceil(bytes / target)).find()
      : [null];
    jobs.push({ name, columns: found.columns, key: key.map((column) => column.name), bounds, bytes });
  }
  return jobs;
}

/** A stretch of a key: its values of one column that lie from `low` to `high`, all columns before it being as in `fixed`. */
interface Stretch {
  readonly fixed: readonly string[];
  readonly low: bigint;
  readonly high: bigint;
}

/** Finds where to cut a table, by the server's estimates of how many rows lie in between. */
class Bounds {
  readonly #session: Session;
  readonly #table: string;
  readonly #key: readonly KeyColumn[];
  readonly #target: number;
  #questions: number;
  readonly #found: { readonly upTo: readonly string[]; readonly rows: number }[] = [];

  constructor(session: Session, table: string, key: readonly KeyColumn[], target: number, stretches: number) {
    this.#session = session;
    this.#table = table;
    this.#key = key;
    this.#target = target;
    this.#questions = questionsForStretch * stretches + 16;
  }

  async find(): Promise<readonly (readonly string[] | null)[]> {
    const whole = await this.#span([]);
    if (whole) await this.#cut(whole);
    const bounds: (readonly string[])[] = [];
    let rows = 0;
    for (const stretch of this.#found.slice(0, -1)) {
      rows += stretch.rows;
      if (rows < this.#target / 2) continue;
      bounds.push(stretch.upTo);
      rows = 0;
    }
    return (await this.#sorted(bounds)) ? [...bounds, null] : [null];
  }

  /** Texts have an order that only the server knows; bounds that are not in it would leave rows out. */
  async #sorted(bounds: readonly (readonly string[])[]): Promise<boolean> {
    const [first] = this.#key;
    if (first?.kind !== "text") return true;
    if (!first.collation) return false;
    const question = inOrder(
      bounds.map(([literal = ""]) => literal),
      first.collation,
    );
    // A collation that the server knows for columns only leaves the table in one stretch.
    const [row] = await select<{ sorted: unknown }>(this.#session, question).catch(() => []);
    return Number(row?.sorted) === 1;
  }

  /** Halves a stretch until its parts are small enough. */
  async #cut(stretch: Stretch): Promise<void> {
    const { fixed, low, high } = stretch;
    const rows = await this.#rows(stretch);
    const upTo = [...fixed, this.#literal(fixed.length, high)];
    if (rows <= this.#target || this.#questions <= 0) return void this.#found.push({ upTo, rows });
    if (low < high) {
      const middle = low + (high - low) / 2n;
      await this.#cut({ fixed, low, high: middle });
      return this.#cut({ fixed, low: middle + 1n, high });
    }
    // One value of this column is more than enough: its rows are told apart by the next one.
    const integers = this.#key.slice(0, fixed.length + 2).every(({ kind }) => kind === "integer");
    const within = integers && fixed.length + 1 < this.#key.length ? await this.#span(upTo) : null;
    if (!within) return void this.#found.push({ upTo, rows });
    await this.#cut(within);
  }

  #literal(column: number, place: bigint): string {
    const [key] = this.#key.slice(column);
    return (key && placesOf(key)?.literal(place)) ?? String(place);
  }

  async #span(fixed: readonly string[]): Promise<Stretch | null> {
    const [first] = this.#key;
    const ends = fixed.length === 0 && first ? placesOf(first)?.ends : null;
    if (ends) return { fixed, low: ends[0], high: ends[1] };
    const names = this.#key.map(({ name }) => quoteName(name));
    const column = names[fixed.length] ?? "";
    const where = fixed.map((value, index) => `${names[index]} = ${value}`).join(" AND ");
    const [row] = await select<{ low: unknown; high: unknown }>(
      this.#session,
      `SELECT MIN(${column}) AS low, MAX(${column}) AS high FROM ${quoteName(this.#table)}${where ? ` WHERE ${where}` : ""}`,
    );
    this.#questions -= 1;
    if (!row || row.low === null || row.high === null) return null;
    return { fixed, low: BigInt(String(row.low)), high: BigInt(String(row.high)) };
  }

  async #rows({ fixed, low, high }: Stretch): Promise<number> {
    const key = this.#key.map(({ name }) => name);
    const at = (place: bigint) => [...fixed, this.#literal(fixed.length, place)];
    const [first] = this.#key;
    // Below the first place of texts and bytes there may be more of them.
    const open = low === 0n && fixed.length === 0 && first?.kind !== "integer";
    const where = between(key, open ? null : at(low - 1n), at(high));
    const [row] = await select<{ rows: unknown }>(
      this.#session,
      `EXPLAIN SELECT 1 FROM ${quoteName(this.#table)} FORCE INDEX (PRIMARY)${where}`,
    );
    this.#questions -= 1;
    return Number(row?.rows ?? 0);
  }
}
