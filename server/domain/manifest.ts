import type { BackupType, Compression, Trigger } from "../../shared/enums.ts";

/** One stored file of a backup. */
export interface Artifact {
  readonly name: string;
  readonly part: Part;
  /** Uncompressed bytes. */
  readonly size: number;
  /** Bytes as stored. */
  readonly storedSize: number;
  /** Lower-case hex SHA-256 of the stored bytes. */
  readonly sha256: string;
}
export type Part = "database" | "media";

/** What the dump holds, counted from its own stream. */
export interface DatabaseSummary {
  readonly name: string;
  readonly flavour: "mariadb" | "mysql";
  readonly serverVersion: string;
  readonly characterSet: string;
  readonly collation: string;
  /** Base tables and sequences, each with the rows that the dump holds. */
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly engine: string | null; readonly bytes: number }[];
  readonly definitions: {
    readonly views: number;
    readonly triggers: number;
    readonly procedures: number;
    readonly functions: number;
    readonly events: number;
  };
  /** `information_schema`'s data bytes at the time: with `size` it tells the next backup how much to expect. */
  readonly dataBytes: number;
  /** What a reader should know, such as tables outside the snapshot. */
  readonly notes: readonly string[];
}

/** What the archive holds. */
export interface MediaSummary {
  /** Each media folder of the source and the folder of the archive that holds it. */
  readonly roots: readonly { readonly path: string; readonly prefix: string }[];
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  /** Files that could not be read as they were: changed while read, vanished or unreadable. */
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
}

/** The record that is written last: a folder without it is an unfinished backup. */
export interface Manifest {
  readonly format: 1;
  readonly generator: string;
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly type: BackupType;
  readonly trigger: Trigger;
  readonly source: { readonly id: string; readonly name: string };
  readonly compression: Compression;
  readonly encrypted: boolean;
  readonly excludeLogs: boolean;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly artifacts: readonly Artifact[];
  readonly database: DatabaseSummary | null;
  readonly media: MediaSummary | null;
  /** The stock commands that restore it with no Holdfast at hand. */
  readonly restoreCommands: readonly string[];
}
