import { type DumpFacts, DumpScan } from "./dump-scan.ts";
import { StatementReader } from "./statement-reader.ts";

/** A piece of the structure's dump, and the table that it belongs to. */
export interface StructurePart {
  readonly table: string | null;
  readonly bytes: Buffer;
}

export interface Structure {
  /** The dump's head, then the definitions of all tables. */
  readonly before: readonly StructurePart[];
  /** The triggers of each table, then all else. */
  readonly after: readonly StructurePart[];
  readonly facts: DumpFacts;
}

/**
 * Cuts a dump without rows, as the dump program wrote it, into what stands before the rows and what behind them. `further`
 * is put at the end of its head.
 */
export function splitStructure(dump: Buffer, rowPerLine: boolean, further = ""): Structure {
  const cuts: number[] = [];
  const scan = new DumpScan({ rowPerLine, cut: (at) => cuts.push(at) });
  scan.feed(dump);
  const facts = scan.finish();
  const bounds = [0, ...cuts, dump.length];
  const parts = bounds
    .slice(0, -1)
    .map((from, index) => ({ table: facts.sections?.[index] ?? null, bytes: dump.subarray(from, bounds[index + 1]) }));
  // All but the last that belong to no table are the head and the stand-ins for views.
  const tail = parts.length > 1 && parts.at(-1)?.table === null ? parts.pop() : undefined;
  const [head, ...rest] = parts;
  const before: StructurePart[] = head ? [{ ...head, bytes: Buffer.concat([head.bytes, Buffer.from(further)]) }] : [];
  const after: StructurePart[] = [];
  for (const { table, bytes } of rest) {
    const at = table === null ? bytes.length : triggersAt(bytes);
    before.push({ table, bytes: bytes.subarray(0, at) });
    if (at < bytes.length) after.push({ table, bytes: bytes.subarray(at) });
  }
  if (tail) after.push(tail);
  return { before, after, facts };
}

/** Where a table's triggers begin in its section of the dump: behind its definition and the SET that ends it. At its end where it has none. */
function triggersAt(section: Buffer): number {
  let [at, trigger] = [0, false];
  /** Where the statement behind the definition begins, and where that one ends. */
  let [definition, behind] = [-1, -1];
  const reader = new StatementReader({
    begin({ kind }, bytes) {
      if (definition >= 0 && behind < 0) behind = kind === "set" && isRestore.test(bytes.toString("latin1")) ? at + bytes.length : at;
      if (kind === "table") definition = at;
      trigger ||= kind === "trigger";
      at += bytes.length;
    },
    more(bytes) {
      at += bytes.length;
    },
    end() {},
  });
  reader.feed(section);
  reader.finish();
  return trigger && behind >= 0 ? behind : section.length;
}

const isRestore = /SET character_set_client = @saved_cs_client/;
