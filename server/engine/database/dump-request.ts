import type { DatabaseEngine } from "../../../shared/enums.ts";
import type { Connection } from "../../domain/connection.ts";
import type { SourceLimits } from "../../domain/source-load.ts";
import type { ClientTools, Packing, Running } from "../part.ts";
import type { DatabaseFacts } from "./inspect.ts";

export interface DumpRequest extends Running {
  readonly connection: Connection;
  readonly tools: ClientTools;
  readonly packing: Packing;
  /** AUTO when left out. */
  readonly engine?: DatabaseEngine;
  /** What it may take of the server and of this machine; no limits when left out. */
  readonly limits?: SourceLimits;
  /** How long the dump may stand still before it is given up, in milliseconds; two minutes when left out. */
  readonly idle?: number;
  /** Told what reads the database, and why, as a sentence; once more where that turns out not to be possible. */
  chosen?(engine: Exclude<DatabaseEngine, "AUTO">, reason: string): void;
}

/** What is known of a database before it is dumped. */
export interface Outlook {
  readonly facts: DatabaseFacts;
  /** What a reader of the backup should know about it. */
  readonly notes: readonly string[];
  /** What the dump program has to be told besides, */
  readonly further: readonly string[];
  /** and to tell the place in the binary log; empty where that takes a lock. */
  readonly binlog: readonly string[];
  /** Tables that no snapshot holds. */
  readonly outside: readonly { readonly name: string; readonly engine: string | null }[];
}
