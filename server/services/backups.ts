import type { BackupType, Compression, DatabaseEngine, MediaMode, Trigger, VerificationLevel } from "../../shared/enums.ts";
import { compressionLevels, limits } from "../../shared/limits.ts";
import type { BackupFilter, BackupRow, NewBackup } from "../db/backups.ts";
import * as db from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { findRefusedDeletion } from "../db/deletions.ts";
import { listUnsettledRestores } from "../db/restores.ts";
import { lockSource, type SourceRow } from "../db/sources.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { badInput, Failure, notFound } from "../domain/errors.ts";
import { type BackupId, newId, type ScheduleId, type SourceId, type StorageId } from "../domain/ids.ts";
import { backupFolder, defaultBackupName } from "../domain/naming.ts";
import type { SettingValues } from "../domain/settings.ts";
import type { ClientTools } from "../engine/part.ts";
import type { Bus } from "../events/bus.ts";
import type { Audit } from "./audit.ts";
import { createBackupSettling } from "./backup-settle.ts";
import { createBackupWork } from "./backup-work.ts";
import type { Deletions } from "./deletions.ts";
import { whyInUse } from "./in-use.ts";
import type { Keys } from "./keys.ts";
import type { Operations } from "./operations.ts";
import type { PackPruning } from "./pack-pruning.ts";
import { firstOf } from "./paging.ts";
import type { Queue } from "./queue.ts";
import { createRemembered, manyRows } from "./remembered.ts";
import type { Work } from "./running.ts";
import { checkLevel, type OwnedSettings } from "./settings.ts";
import type { Sources } from "./sources.ts";
import { checkedChoice } from "./storage-choice.ts";
import type { Storages } from "./storages.ts";
import { createVerificationRequests } from "./verification-request.ts";
import { watching } from "./watch.ts";

export type { BackupRow } from "../db/backups.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly operations: Operations;
  readonly sources: Sources;
  readonly storages: Storages;
  readonly keys: Pick<Keys, "sealFor" | "leaveMacKey" | "readable" | "refuseForeign">;
  readonly packs: Pick<PackPruning, "begin" | "finished">;
  readonly deletions: Deletions;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly queue: Queue;
  readonly tools: () => Promise<ClientTools>;
  readonly now: () => Date;
  readonly version: string;
  readonly onError: (error: unknown) => void;
}

export interface BackupRequest {
  /** The id that it is to have; taken already means that it was asked for before, and that one stands. */
  readonly id?: BackupId | null;
  readonly scheduleId?: ScheduleId | null;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly type: BackupType;
  readonly sourceId?: SourceId | null;
  readonly storageId?: StorageId | null;
  /** All storages of it, the first of which is read first; instead of `storageId`. */
  readonly storageIds?: readonly StorageId[] | null;
  readonly compress?: boolean | null;
  readonly compression?: Compression | null;
  readonly compressionLevel?: number | null;
  readonly excludeLogs?: boolean | null;
  /** Null: as the source says. */
  readonly databaseEngine?: DatabaseEngine | null;
  readonly mediaMode?: MediaMode | null;
  /** Null: as the settings say. */
  readonly encrypt?: boolean | null;
  /** The verification that follows it by itself when it is complete. */
  readonly verify?: VerificationLevel | null;
}

export type Backups = ReturnType<typeof createBackups>;

/** Takes, lists, pins and deletes backups. */
export function createBackups(dependencies: Dependencies) {
  const { catalog, bus, audit, operations, sources, storages, deletions, settings, queue, now } = dependencies;
  const { take, manifestOf } = createBackupWork(dependencies);
  const settle = createBackupSettling(dependencies);
  const verifying = createVerificationRequests(dependencies);
  let large = false;
  // What a filter finds says little of how much it read: once a list was found to be long, all counts are kept.
  const counts = createRemembered<number>({ bus, now, worthwhile: (count) => (large ||= count > manyRows) });

  const existing = async (id: BackupId): Promise<BackupRow> => {
    const row = await db.findBackup(catalog, id);
    if (!row) throw notFound("backup", id);
    return row;
  };

  /** Writes the backup down as waiting; `duringRestore` is the restore that takes it as its safety copy. */
  async function reserve(actor: Actor, request: BackupRequest, trigger: Trigger, duringRestore = false): Promise<BackupRow> {
    const source = await sources.choose(request.sourceId ?? null);
    checkParts(source, request.type);
    const { first, others } = checkedChoice(request);
    const storage = await storages.choose(first);
    for (const other of others) await storages.choose(other);
    const at = now();
    const name = request.name?.trim() || defaultBackupName(source.name, at);
    if (name.length > limits.nameLength) throw badInput(`A backup's name has at most ${limits.nameLength} characters.`);
    if ((request.description?.length ?? 0) > limits.descriptionLength)
      throw badInput(`A description has at most ${limits.descriptionLength} characters.`);
    const id = request.id ?? newId<BackupId>();
    const values = await settings.current();
    const packing = packingOf(values, request);
    await catalog.transaction(async (tx) => {
      // One at a time decides what may begin on a source, so a restore and a backup cannot both slip in.
      await lockSource(tx, source.id);
      if (!duringRestore && (await listUnsettledRestores(tx, source.id)).length > 0)
        throw new Failure("CONFLICT", `${source.name} is being restored.`, "Back it up when the restore has ended.", {
          reason: "TARGET_BUSY",
        });
      const row: NewBackup = {
        id,
        name,
        description: request.description?.trim() || null,
        type: request.type,
        trigger,
        actor: describeActor(actor),
        sourceId: source.id,
        storageId: storage.id,
        scheduleId: request.scheduleId ?? null,
        ...packing,
        excludeLogs: request.excludeLogs ?? true,
        databaseEngine: request.databaseEngine ?? source.databaseEngine,
        mediaMode: request.mediaMode ?? source.mediaMode,
        encrypted: request.encrypt ?? values.encryptBackups,
        verify: request.verify ?? null,
        folder: backupFolder(source.slug, request.type, at, id),
        artifacts: [],
        status: "QUEUED",
        createdAt: at,
      };
      await db.insertBackup(tx, row, others);
    });
    bus.publish("backup", { id });
    return existing(id);
  }

  return {
    existing,
    manifestOf,

    async create(actor: Actor | null, request: BackupRequest, trigger: Trigger): Promise<BackupRow> {
      allow(actor, "backup");
      const known = request.id ? await db.findBackup(catalog, request.id) : null;
      const row = known ?? (await reserve(actor, request, trigger));
      await queue.add("backup", row.id);
      return row;
    },

    /** Takes the backup that waits under `id`, as its operation; the verification that was asked for with it waits then. */
    async perform(id: BackupId): Promise<boolean> {
      const performed = await operations.run(id, async (work) => take(await existing(id), work));
      const row = await db.findBackup(catalog, id);
      if (performed && row) await verifying.follow(row);
      return performed;
    },

    /** Takes a pre-restore backup inside a restore; throws its failure. */
    async takeSafetyCopy(
      actor: Actor,
      request: BackupRequest,
      parent: Work,
      onReserved: (row: BackupRow) => Promise<void>,
      onProgress: (bytes: number, expected: number | null) => void,
    ): Promise<BackupRow> {
      const row = await reserve(actor, request, "PRE_RESTORE", true);
      await onReserved(row);
      await operations.run(
        row.id,
        (work) =>
          take(row, {
            ...work,
            report(report) {
              work.report(report);
              onProgress(report.bytesProcessed, report.bytesExpected);
            },
          }),
        parent.signal,
      );
      const done = await existing(row.id);
      if (done.status === "COMPLETED") return done;
      throw new Failure(
        done.errorCode ?? "INTERNAL",
        `The pre-restore backup failed, so nothing was touched: ${done.errorMessage ?? "unknown"}`,
        done.errorHint ?? undefined,
      );
    },

    /** Also one that is being deleted and that its storage will not let go of. */
    async find(actor: Actor | null, id: BackupId): Promise<BackupRow | null> {
      allow(actor, "read");
      return (await db.findBackup(catalog, id)) ?? findRefusedDeletion(catalog, id);
    },

    async page(actor: Actor | null, filter: BackupFilter, first: number, after: string | null) {
      allow(actor, "read");
      const counted = () => counts.get(JSON.stringify(filter), () => db.countBackups(catalog, filter));
      return db.pageBackups(catalog, filter, firstOf(first), after, counted);
    },

    async available(actor: Actor | null, type: BackupType | null, sourceId: SourceId | null): Promise<BackupRow[]> {
      allow(actor, "read");
      return db.listCompleted(catalog, type, sourceId);
    },

    async remove(actor: Actor | null, id: BackupId): Promise<boolean> {
      allow(actor, "deleteBackup");
      const row = await deletions.begin(await existing(id), (tx, held) => whyInUse(tx, held, now()));
      await audit.record(actor, "backup.delete", row.name, { id, sourceId: row.sourceId, createdAt: row.createdAt });
      await deletions.erase(row);
      await deletions.tidy();
      return true;
    },

    /** Each change of any backup from now on; those that were deleted are passed over. */
    async watchChanges(actor: Actor | null) {
      allow(actor, "read");
      return watching(bus.subscribe("backup"), async function* (events) {
        for await (const { id } of events) {
          const row = (await db.findBackup(catalog, id)) ?? (await findRefusedDeletion(catalog, id));
          if (row) yield row;
        }
      });
    },

    /** Decides what became of a backup whose worker is gone: null when it is complete after all. */
    settle: (id: BackupId): Promise<Failure | null> => settle(id),

    /** Has those verified that are complete and were asked for with a verification, where a crash came between. */
    finishVerifying: () => verifying.followAll(),

    /** Goes on with deletions that were cut short or refused by the storage. */
    finishDeletions: (): Promise<void> => deletions.finish(),
  };
}

/** Refuses a type that asks for a part that the source does not have. */
export function checkParts(source: SourceRow, type: BackupType): void {
  if (type !== "MEDIA" && source.databaseName === null) throw badInput(`${source.name} has no database.`, "Choose the type MEDIA.");
  if (type !== "DATABASE" && source.mediaPaths.length === 0)
    throw badInput(`${source.name} has no media folders.`, "Choose the type DATABASE.");
}

function packingOf(settings: SettingValues, request: BackupRequest): { compression: Compression; compressionLevel: number } {
  const preferred = request.compression ?? settings.compression;
  const compression = request.compress === false ? "NONE" : preferred;
  const usual = settings.compression === compression ? settings.compressionLevel : compressionLevels[compression].preset;
  const compressionLevel = compression === "NONE" ? 0 : (request.compressionLevel ?? usual);
  checkLevel(compression, compressionLevel);
  return { compression, compressionLevel };
}
