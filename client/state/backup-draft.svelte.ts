import type { BackupType, Compression } from "../../shared/enums.ts";
import type { CreateBackupInput, SettingsPartsFragment, SourcePartsFragment, StoragePartsFragment } from "../graphql/generated.ts";
import { type EncryptChoice, encryptAsked } from "../lib/encryption-words.ts";
import type { EngineChoice, MediaChoice } from "../lib/reading-words.ts";

interface Known {
  readonly sources: readonly SourcePartsFragment[];
  readonly storages: readonly StoragePartsFragment[];
  readonly settings: Pick<SettingsPartsFragment, "compression" | "compressionLevel" | "encryptBackups">;
}

/** A backup being asked for: what the form binds to, and the input that it makes. */
export class BackupDraft {
  readonly sources: Known["sources"];
  readonly storages: Known["storages"];
  /** Whether new backups are encrypted unless a form says otherwise. */
  readonly encrypted: boolean;
  sourceId = $state("");
  /** The first is read first; none: the default storage. */
  storageIds = $state<string[]>([]);
  encrypt = $state<EncryptChoice>("usual");
  name = $state("");
  description = $state("");
  compression = $state<Compression>("ZSTD");
  level = $state(3);
  excludeLogs = $state(true);
  /** Empty: as the source says. */
  databaseEngine = $state<EngineChoice>("");
  mediaMode = $state<MediaChoice>("");
  prove = $state(false);
  #type = $state<BackupType>("FULL");

  types = $derived.by((): BackupType[] => {
    if (!this.source?.database) return ["MEDIA"];
    return this.source.mediaPaths.length > 0 ? ["FULL", "DATABASE", "MEDIA"] : ["DATABASE"];
  });

  get source() {
    return this.sources.find(({ id }) => id === this.sourceId);
  }

  constructor({ sources, storages, settings }: Known, sourceId: string | null) {
    this.sources = sources;
    this.storages = storages;
    this.sourceId = sources.find(({ id }) => id === sourceId)?.id ?? sources[0]?.id ?? "";
    this.storageIds = storages.filter(({ isDefault }) => isDefault || storages.length === 1).map(({ id }) => id);
    this.encrypted = settings.encryptBackups;
    this.compression = settings.compression;
    this.level = settings.compressionLevel;
  }

  get type(): BackupType {
    return this.types.includes(this.#type) ? this.#type : (this.types[0] ?? "FULL");
  }

  set type(type: BackupType) {
    this.#type = type;
  }

  get input(): CreateBackupInput {
    const compress = this.compression !== "NONE";
    return {
      type: this.type,
      sourceId: this.sourceId,
      storageIds: this.storageIds.length > 0 ? this.storageIds : null,
      databaseEngine: this.databaseEngine || null,
      mediaMode: this.mediaMode || null,
      encrypt: encryptAsked(this.encrypt),
      name: this.name.trim() || null,
      description: this.description.trim() || null,
      compress,
      compression: this.compression,
      compressionLevel: compress ? this.level : null,
      excludeLogs: this.excludeLogs,
      verify: this.prove ? "RESTORE" : null,
    };
  }
}
