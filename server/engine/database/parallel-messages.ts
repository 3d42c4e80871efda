import type { Connection } from "../../domain/connection.ts";
import type { BinlogPosition, RowRange, Section, SharedSnapshot } from "../../domain/manifest.ts";
import type { Packing } from "../part.ts";
import type { DumpFacts } from "./dump-scan.ts";
import type { RowColumn } from "./row-columns.ts";

/** A table to read, in stretches of its primary key. */
export interface TableJob {
  readonly name: string;
  readonly columns: readonly RowColumn[];
  /** The columns of its primary key; empty: the rows come as the server has them, in one stretch. */
  readonly key: readonly string[];
  /** Where each stretch ends: SQL literals for the key's first columns, all rows that begin with these among them; null for the last. */
  readonly bounds: readonly (readonly string[] | null)[];
  /** What it is thought to hold: the largest come first. */
  readonly bytes: number;
}

/** The line on which the child is told what to do. */
export interface ParallelJob {
  readonly connection: Connection;
  readonly threads: number;
  readonly bytesPerSecond: number | null;
  readonly tables: readonly TableJob[];
  /** Null: the rows are only counted and hashed, of the database as it is. */
  readonly dump: {
    readonly packing: Packing;
    /** How the tables may be locked, the best first. */
    readonly methods: readonly SharedSnapshot["method"][];
    /** Tell where the binary log was. */
    readonly binlog: boolean;
  } | null;
}

/** What came of a table: its stretches in the order of the job's bounds. */
export type ReadTable = readonly [name: string, ranges: readonly RowRange[]];

/** What the child tells at its end. */
export interface ParallelResult {
  /** Of the structure alone. */
  readonly facts: DumpFacts;
  readonly sections: readonly Section[];
  readonly tables: readonly ReadTable[];
  readonly binlog: BinlogPosition | null;
  /** Uncompressed bytes. */
  readonly bytes: number;
}

/** A line of what the child tells. */
export type ParallelReport =
  | { readonly kind: "progress"; readonly bytes: number; readonly item: string | null }
  | { readonly kind: "snapshot"; readonly snapshot: SharedSnapshot }
  /** The tables could not be locked in time; nothing was read. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "failed"; readonly errno: number; readonly message: string }
  | { readonly kind: "done"; readonly result: ParallelResult }
  | { readonly kind: "sums"; readonly tables: readonly ReadTable[] };

/** One stretch of a table, as a thread is told to read it. */
export interface RangeJob {
  readonly table: TableJob;
  readonly range: number;
}

/** What a thread is started with. */
export interface ThreadData {
  readonly connection: Connection;
  /** Null: only counted and hashed. */
  readonly packing: Packing | null;
  readonly bytesPerSecond: number | null;
  /** The limiter that all threads keep their rate with. */
  readonly rate: SharedArrayBuffer;
}

/** What a thread is told. */
export type ThreadOrder =
  | { readonly kind: "snapshot" }
  /** Answer a question to the server that has a small answer. */
  | { readonly kind: "ask"; readonly sql: string }
  | { readonly kind: "read"; readonly job: RangeJob }
  /** A frame that it had handed over is written. */
  | { readonly kind: "written" };

/** What a thread tells. */
export type ThreadReport =
  /** The last order but reading is done. */
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "frame"; readonly table: string; readonly packed: Uint8Array | null; readonly size: number; readonly rows: number }
  | { readonly kind: "range"; readonly rows: number; readonly sha256: string }
  | { readonly kind: "failed"; readonly errno: number; readonly message: string };
