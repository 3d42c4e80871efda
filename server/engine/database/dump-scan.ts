import type { StatementKind } from "./statement-kind.ts";
import { StatementReader } from "./statement-reader.ts";

/** What a dump's own stream holds. */
export interface DumpFacts {
  /** Uncompressed bytes. */
  readonly bytes: number;
  /** Tables and sequences in the order of the dump, with the rows that its INSERTs carry. */
  readonly tables: readonly (readonly [name: string, rows: number])[];
  readonly views: readonly string[];
  readonly triggers: readonly string[];
  readonly procedures: readonly string[];
  readonly functions: readonly string[];
  readonly events: readonly string[];
  /** The dump program's last line is there, and no statement is cut. */
  readonly complete: boolean;
}

const definitionKinds = ["view", "trigger", "procedure", "function", "event"] as const;
const tailBytes = 256;
const trailer = /(?:^|\n)-- Dump completed(?: on [^\n]*)?\s*$/;

/** Reads a dump as it streams by: counts rows, collects names, and knows at the end whether it is whole. */
export class DumpScan {
  readonly #reader: StatementReader;
  readonly #rows = new Map<string, number>();
  readonly #names = new Map<StatementKind, Set<string>>(definitionKinds.map((kind) => [kind, new Set<string>()]));
  #table: string | null = null;
  #bytes = 0;
  #tail = Buffer.alloc(0);

  /** `rowPerLine`: see StatementSplitter; right for mariadb-dump, and harmless for older ones that write no line breaks. */
  constructor(options: { readonly rowPerLine: boolean }) {
    this.#reader = new StatementReader(
      {
        begin: ({ kind, name }) => {
          if (name === null) return;
          if (kind === "table" || kind === "insert") {
            this.#table = name;
            if (!this.#rows.has(name)) this.#rows.set(name, 0);
          } else this.#names.get(kind)?.add(name);
        },
        more: () => {},
        end: (rows) => {
          if (rows > 0 && this.#table !== null) this.#rows.set(this.#table, (this.#rows.get(this.#table) ?? 0) + rows);
        },
      },
      options,
    );
  }

  get bytes(): number {
    return this.#bytes;
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
      tables: [...this.#rows],
      views: names("view"),
      triggers: names("trigger"),
      procedures: names("procedure"),
      functions: names("function"),
      events: names("event"),
      complete: whole && trailer.test(this.#tail.toString("latin1")),
    };
  }
}
