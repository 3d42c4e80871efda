import { createHash, type Hash } from "node:crypto";
import type { BinlogPosition } from "../../domain/manifest.ts";
import { BinlogLines } from "./binlog-lines.ts";
import { DumpLayout } from "./dump-layout.ts";
import { leadOf, type Statement, type StatementKind } from "./statement-kind.ts";
import { StatementReader } from "./statement-reader.ts";

/** What a dump's own stream holds. */
export interface DumpFacts {
  /** Uncompressed bytes. */
  readonly bytes: number;
  /** Tables and sequences in the order of the dump, with the rows that their INSERTs carry and the SHA-256 of those. */
  readonly tables: readonly (readonly [name: string, rows: number, checksum: string])[];
  readonly views: readonly string[];
  readonly triggers: readonly string[];
  readonly procedures: readonly string[];
  readonly functions: readonly string[];
  readonly events: readonly string[];
  /** The dump program's last line is there, and no statement is cut. */
  readonly complete: boolean;
  /** The table of each section, see DumpLayout; null where the dump is not laid out in sections. */
  readonly sections: readonly (string | null)[] | null;
  /** Null where the dump does not tell it. */
  readonly binlog: BinlogPosition | null;
}

const definitionKinds = ["view", "trigger", "procedure", "function", "event"] as const;
const tailBytes = 256;
const trailer = /(?:^|\n)-- Dump completed(?: on [^\n]*)?\s*$/;

interface TableScan {
  rows: number;
  readonly hash: Hash;
}

/** Reads a dump as it streams by: counts rows, hashes INSERTs, collects names, finds sections, and knows at the end whether it is whole. */
export class DumpScan {
  readonly #reader: StatementReader;
  readonly #layout: DumpLayout;
  readonly #binlog = new BinlogLines();
  readonly #tables = new Map<string, TableScan>();
  readonly #names = new Map<StatementKind, Set<string>>(definitionKinds.map((kind) => [kind, new Set<string>()]));
  #table: string | null = null;
  #insertOf: TableScan | null = null;
  #bytes = 0;
  /** Bytes of the statements that are known so far. */
  #known = 0;
  #tail = Buffer.alloc(0);

  /**
   * `rowPerLine`: see StatementSplitter; right for mariadb-dump, and harmless for older ones that write no line breaks.
   * `cut` hears of each byte at which a section begins: never one before `bytes - undecided` of the last feed.
   */
  constructor(options: { readonly rowPerLine: boolean; readonly cut?: (at: number) => void }) {
    this.#layout = new DumpLayout(options.cut ?? (() => {}));
    this.#reader = new StatementReader(
      {
        begin: (statement, bytes) => this.#begin(statement, bytes),
        more: (bytes) => {
          this.#known += bytes.length;
          this.#insertOf?.hash.update(bytes);
        },
        end: (rows) => {
          if (this.#insertOf) this.#insertOf.rows += rows;
          this.#insertOf = null;
        },
      },
      options,
    );
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many of the bytes fed belong to a statement that is not known yet. */
  get undecided(): number {
    return this.#bytes - this.#known;
  }

  /** The table that the stream is at. */
  get table(): string | null {
    return this.#table;
  }

  /** The chunk is done with when this returns. */
  feed(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#reader.feed(chunk);
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-tailBytes)]).subarray(-tailBytes);
  }

  finish(): DumpFacts {
    const whole = this.#reader.finish();
    const names = (kind: StatementKind) => [...(this.#names.get(kind) ?? [])];
    return {
      bytes: this.#bytes,
      tables: [...this.#tables].map(([name, { rows, hash }]) => [name, rows, hash.digest("hex")] as const),
      views: names("view"),
      triggers: names("trigger"),
      procedures: names("procedure"),
      functions: names("function"),
      events: names("event"),
      complete: whole && trailer.test(this.#tail.toString("latin1")),
      sections: this.#layout.tables,
      binlog: this.#binlog.position,
    };
  }

  #begin(statement: Statement, bytes: Buffer): void {
    const lead = leadOf(bytes);
    this.#layout.statement(statement, lead, this.#known);
    this.#binlog.read(lead);
    this.#known += bytes.length;
    const { kind, name } = statement;
    if (name === null) return;
    if (kind !== "table" && kind !== "insert") {
      this.#names.get(kind)?.add(name);
      return;
    }
    this.#table = name;
    const table = this.#tables.get(name) ?? { rows: 0, hash: createHash("sha256") };
    this.#tables.set(name, table);
    if (kind === "table") return;
    this.#insertOf = table;
    table.hash.update(bytes.subarray(lead.length));
  }
}
