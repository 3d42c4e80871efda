import type { BackupType, Compression, DatabaseEngine, Trigger } from "../../shared/enums.ts";

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
  /** What lies inside the encryption; null where nothing is encrypted: then the stored bytes are that. */
  readonly packed: Packed | null;
}

/** The compressed bytes of a file before they were encrypted. Offsets and sizes of sections and frames count in these. */
export interface Packed {
  readonly size: number;
  /** Lower-case hex SHA-256. Null of media, where each file or chunk has one of its own, and encryption a tag for every 64 KiB. */
  readonly sha256: string | null;
}
export type Part = "database" | "media";

/**
 * A run of independent zstd frames (or gzip members) of the dump: all of one table, or all that stands before, between or
 * behind tables. The sections in their order are the whole artifact, without a gap. Written by several connections at once,
 * a table has many: its structure, runs of its rows between those of others, and its triggers.
 */
export interface Section {
  /** The table or sequence, whose triggers are in it too; null for the rest. */
  readonly table: string | null;
  /** Where it begins in the stored artifact, and how long it is there. */
  readonly offset: number;
  readonly storedSize: number;
  /** Uncompressed bytes. */
  readonly size: number;
  /** Lower-case hex SHA-256 of its stored bytes. */
  readonly sha256: string;
  /** Stored and uncompressed size of each of its frames, in order. */
  readonly frames: readonly (readonly [storedSize: number, size: number])[];
  /** How many rows it holds, where it is nothing but INSERT statements of our own writer (PARALLEL); null for all else. */
  readonly rows: number | null;
}

/** Where the server's binary log was at the moment of the dump: what point-in-time recovery starts from. */
export interface BinlogPosition {
  readonly file: string;
  readonly position: number;
  readonly gtid: string | null;
}

/** What the dump holds, counted from its own stream. */
export interface DatabaseSummary {
  readonly name: string;
  readonly flavour: "mariadb" | "mysql";
  readonly serverVersion: string;
  readonly characterSet: string;
  readonly collation: string;
  /** Base tables and sequences, each with the rows that the dump holds. */
  readonly tables: readonly TableSummary[];
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
  /** Null where it was not stored in frames. */
  readonly sections: readonly Section[] | null;
  /** Null where the server keeps no binary log, or the account may not read it. */
  readonly binlog: BinlogPosition | null;
  /** What wrote the dump; never AUTO. */
  readonly engine: Exclude<DatabaseEngine, "AUTO">;
  /** How several connections came to share one snapshot; null where one connection read it all. */
  readonly snapshot: SharedSnapshot | null;
}

/** The lock under which several connections opened one snapshot. */
export interface SharedSnapshot {
  readonly method: "FLUSH_TABLES" | "LOCK_TABLES";
  readonly connections: number;
  /** How long nobody could write. */
  readonly lockMilliseconds: number;
}

export interface TableSummary {
  readonly name: string;
  readonly rows: number;
  readonly engine: string | null;
  readonly bytes: number;
  /** Lower-case hex SHA-256 of the table's INSERT statements as the dump program wrote them; null when unknown. */
  readonly checksum: string | null;
  /**
   * The table in the order of its primary key, as PARALLEL read it; `checksum` is then the SHA-256 of all their digests, one
   * after the other. Null where the dump program wrote the table.
   */
  readonly ranges: readonly RowRange[] | null;
}

/** A stretch of a table's rows: from behind the one before it up to and with `upTo`. */
export interface RowRange {
  /** Its end: SQL literals for the first columns of the primary key, all rows that begin with these among them; null: to the table's end. */
  readonly upTo: readonly string[] | null;
  readonly rows: number;
  /** Lower-case hex SHA-256 of its INSERT statements. */
  readonly sha256: string;
}

/** What the archive holds. */
export interface MediaSummary {
  /** Each media folder of the source and the folder of the archive that holds it. */
  readonly roots: readonly { readonly path: string; readonly prefix: string }[];
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  /** The list of all entries with their SHA-256 and their place in the archive, stored beside it; null without one. */
  readonly index: MediaIndexFile | null;
  /** Where the content lies, if the archive is kept as chunks (INCREMENTAL): the artifact is then the list of them; null for a tar. */
  readonly packs: MediaPacks | null;
  /** Files that could not be read as they were: changed while read, vanished or unreadable. */
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
}

/** The packs that hold the content of one backup's media, which it shares with other backups of the source on the storage. */
export interface MediaPacks {
  /** Their folder on the storage, beside those of the source's backups. */
  readonly folder: string;
  readonly files: readonly MediaIndexFile[];
  /** Stored bytes of those that this backup brought. */
  readonly addedSize: number;
}

/** The stored index of an archive (engine/media/index-file.ts knows its format). */
export interface MediaIndexFile {
  readonly name: string;
  readonly size: number;
  readonly storedSize: number;
  readonly sha256: string;
  readonly packed: Packed | null;
}

/** How the artifacts of a backup are encrypted. */
export interface Encryption {
  readonly format: "age-encryption.org/v1";
  /** Names the server key that opens it. */
  readonly keyId: string;
  /** All age recipients that open it, the server's first. */
  readonly recipients: readonly string[];
}

/** The source as it was, so that the storage alone is enough to set it up again; without its password. */
export interface ManifestSource {
  readonly id: string;
  readonly name: string;
  readonly slug: string | null;
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
    readonly socketPath: string | null;
    readonly tls: boolean;
  } | null;
  readonly mediaPaths: readonly string[];
  readonly excludePatterns: readonly string[];
}

/** What proves who wrote a manifest: HMAC-SHA-256 over all its other fields (engine/authentication.ts). */
export interface Authentication {
  readonly keyId: string;
  /** Lower-case hex. */
  readonly mac: string;
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
  readonly source: ManifestSource;
  /** The schedule that asked for it. */
  readonly schedule: { readonly id: string; readonly name: string } | null;
  /** Who asked, for a person. */
  readonly actor: string | null;
  /** The backup's folder on its storages: a manifest that lies elsewhere was moved. */
  readonly folder: string | null;
  readonly compression: Compression;
  readonly encrypted: boolean;
  readonly encryption: Encryption | null;
  readonly excludeLogs: boolean;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly artifacts: readonly Artifact[];
  readonly database: DatabaseSummary | null;
  readonly media: MediaSummary | null;
  /** The stock commands that restore it with no Holdfast at hand. */
  readonly restoreCommands: readonly string[];
  /** Null in manifests that were written before they were authenticated. */
  readonly authentication: Authentication | null;
}
