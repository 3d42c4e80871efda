import type { FindingSeverity } from "../../shared/enums.ts";

/** Something noticed in an upload before anything of it is used. */
export interface Finding {
  /** A stable word, such as SQL_CLIENT_COMMAND or UNSAFE_PATH. */
  readonly reason: string;
  /** REFUSED: it cannot be restored. WARNING: it will differ or may fail. NOTE: good to know. */
  readonly severity: FindingSeverity;
  readonly message: string;
  readonly hint: string | null;
  /** Line of the dump, counted from 1; null where there is none. */
  readonly line: number | null;
  /** Entry of the archive; null where there is none. */
  readonly entry: string | null;
  /** The rewrite that mends it; null when none does. */
  readonly rewrite: "STRIP_DEFINER" | "MAP_COLLATION" | null;
}

/** Changes of an uploaded dump on its way into the database; never inside a literal. */
export interface Rewrites {
  /** Definitions run as whoever restores them. */
  readonly stripDefiner: boolean;
  /** Collations that the target lacks, each to one that it has. */
  readonly collations: readonly { readonly from: string; readonly to: string }[];
}
