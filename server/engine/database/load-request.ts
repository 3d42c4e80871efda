import type { Connection } from "../../domain/connection.ts";
import type { DatabaseSummary } from "../../domain/manifest.ts";
import type { SourceLimits } from "../../domain/source-load.ts";
import type { DatabaseContent } from "../content.ts";
import type { ClientTools, PartProgress, Running } from "../part.ts";

/** A dump to load. */
export interface LoadRequest extends Running {
  readonly connection: Connection;
  readonly tools: ClientTools;
  readonly content: DatabaseContent;
  /** The tables that are read; null for all that the dump holds. */
  readonly tables: readonly string[] | null;
  /** What the loaded database is compared with. */
  readonly expected: DatabaseSummary;
  observe(progress: PartProgress): void;
  /** What it may take of this machine and of the server; all where left out. */
  readonly limits?: SourceLimits;
  /** From how many bytes of rows on a table gets its keys after them; a few megabytes where left out. */
  readonly keysLaterFrom?: number;
}
