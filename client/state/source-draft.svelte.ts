import type { DatabaseEngine, MediaMode } from "../../shared/enums.ts";
import type { SourceInput, SourcePartsFragment } from "../graphql/generated.ts";

const megabyte = 1_000_000;
const filled = (lines: readonly string[]) => lines.map((line) => line.trim()).filter(Boolean);

/** A source being written: what the form binds to, and the input that it makes. */
export class SourceDraft {
  readonly id: string | null;
  readonly hasPassword: boolean;
  name = $state("");
  withDatabase = $state(true);
  through = $state<"host" | "socket">("host");
  host = $state("127.0.0.1");
  port = $state(3306);
  socketPath = $state("");
  user = $state("");
  password = $state("");
  database = $state("");
  tls = $state(false);
  mediaPaths = $state<string[]>([]);
  excludePatterns = $state("");
  /** Null: as the settings say; 0: any age. */
  targetBackupAgeHours = $state<number | null>(null);
  targetProofAgeHours = $state<number | null>(null);

  databaseEngine = $state<DatabaseEngine>("AUTO");
  mediaMode = $state<MediaMode>("ARCHIVE");
  lowPriority = $state(true);
  slowed = $state(false);
  megabytesPerSecond = $state<number | null>(20);
  /** Null: as many as there are cores, and four at most. */
  threads = $state<number | null>(null);

  constructor(source: SourcePartsFragment | null) {
    this.id = source?.id ?? null;
    this.hasPassword = source?.database?.hasPassword ?? false;
    if (!source) return;
    const { database } = source;
    this.name = source.name;
    this.withDatabase = database !== null;
    this.mediaPaths = [...source.mediaPaths];
    this.excludePatterns = source.excludePatterns.join("\n");
    this.targetBackupAgeHours = source.targetBackupAgeHours;
    this.targetProofAgeHours = source.targetProofAgeHours;
    this.databaseEngine = source.databaseEngine;
    this.mediaMode = source.mediaMode;
    this.lowPriority = source.lowPriority;
    this.slowed = source.bytesPerSecond !== null;
    if (source.bytesPerSecond !== null) this.megabytesPerSecond = source.bytesPerSecond / megabyte;
    this.threads = source.threads;
    if (!database) return;
    this.through = database.socketPath ? "socket" : "host";
    this.host = database.host;
    this.port = database.port;
    this.socketPath = database.socketPath ?? "";
    this.user = database.user;
    this.database = database.database;
    this.tls = database.tls;
  }

  get hasParts(): boolean {
    return this.withDatabase || filled(this.mediaPaths).length > 0;
  }

  /** Whether nothing was said of how it is backed up. */
  get readsAsUsual(): boolean {
    return this.databaseEngine === "AUTO" && this.mediaMode === "ARCHIVE" && this.lowPriority && !this.slowed && this.threads === null;
  }

  get input(): SourceInput {
    const socket = this.through === "socket";
    return {
      name: this.name.trim(),
      mediaPaths: filled(this.mediaPaths),
      excludePatterns: filled(this.excludePatterns.split("\n")),
      targetBackupAgeHours: this.targetBackupAgeHours,
      targetProofAgeHours: this.targetProofAgeHours,
      databaseEngine: this.databaseEngine,
      mediaMode: this.mediaMode,
      lowPriority: this.lowPriority,
      bytesPerSecond: this.slowed && this.megabytesPerSecond !== null ? Math.round(this.megabytesPerSecond * megabyte) : null,
      threads: this.threads,
      database: this.withDatabase
        ? {
            host: socket ? null : this.host.trim(),
            port: socket ? null : this.port,
            socketPath: socket ? this.socketPath.trim() : null,
            user: this.user.trim(),
            // Left empty, the password that is kept stays.
            ...(this.password === "" ? {} : { password: this.password }),
            database: this.database.trim(),
            tls: !socket && this.tls,
          }
        : null,
    };
  }
}
