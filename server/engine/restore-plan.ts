import type { RestoreMode } from "../../shared/enums.ts";
import type { Connection } from "../domain/connection.ts";
import type { Report } from "../domain/progress.ts";
import type { RestoreJournal } from "../domain/restore.ts";
import type { SourceLimits } from "../domain/source-load.ts";
import type { Content } from "./content.ts";
import type { ClientTools, Running } from "./part.ts";

/** Where a restore puts its parts; null for a part that is left alone. */
export interface RestoreTarget {
  /** With `make` it is not there yet: it is made for this restore, and goes again when that fails. */
  readonly database: { readonly connection: Connection; readonly tools: ClientTools; readonly make: boolean } | null;
  /** Each folder of the archive and the media folder that it replaces. */
  readonly media: readonly { readonly path: string; readonly prefix: string }[] | null;
}

export interface RestorePlan {
  readonly restoreId: string;
  readonly content: Content;
  readonly target: RestoreTarget;
  readonly mode: RestoreMode;
  /** Only these tables, only these paths; null for all. */
  readonly tables: readonly string[] | null;
  readonly paths: readonly string[] | null;
  /** What it may take of this machine and of the target's server; no limits when left out. */
  readonly limits?: SourceLimits;
  /** Writes down what a crash would leave to put right; durable when it resolves. */
  journal(journal: RestoreJournal | null): Promise<void>;
  readonly now: () => Date;
}

export interface RestoreWork extends Running {
  report(report: Report): void;
}

/** Bytes done before this flow (a pre-restore backup), and all that are expected. */
export interface RestoreBytes {
  readonly before: number;
  readonly expected: number;
}
