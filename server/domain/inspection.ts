import type { FindingSeverity } from "../../shared/enums.ts";
import type { DatabaseSummary, Manifest, MediaSummary } from "./manifest.ts";

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

/** What an uploaded file is: all that a restore of it needs to know. */
export interface Inspection {
  /** Such as sql.zst, tar.gz, zip or holdfast; null when it is nothing that can be restored. */
  readonly format: UploadFormat | null;
  readonly findings: readonly Finding[];
  readonly database: DatabaseSummary | null;
  readonly media: MediaSummary | null;
  /** Lower-case hex SHA-256 of the file as received; null when it was refused before its end. */
  readonly sha256: string | null;
  /** Bytes of the dump or archive, unpacked. */
  readonly unpackedSize: number;
  /** Collations that the dump uses, in lower case. */
  readonly collations: readonly string[];
  /** Of a backup that was downloaded from a Holdfast. */
  readonly manifest: Manifest | null;
}

export const uploadFormats = ["sql", "sql.gz", "sql.zst", "tar", "tar.gz", "tar.zst", "zip", "holdfast"] as const;
export type UploadFormat = (typeof uploadFormats)[number];

/** Whether nothing was found that forbids a restore. */
export const isRestorable = ({ findings }: Pick<Inspection, "findings">) => findings.every(({ severity }) => severity !== "REFUSED");
