import type { BackupType, RestoreMode } from "../../shared/enums.ts";
import { limits } from "../../shared/limits.ts";
import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { listSources, type SourceRow } from "../db/sources.ts";
import type { Connection } from "../domain/connection.ts";
import { badInput, Failure } from "../domain/errors.ts";
import type { BackupId, RestoreId, SourceId, UploadId } from "../domain/ids.ts";
import type { Rewrites } from "../domain/inspection.ts";
import type { Content } from "../engine/content.ts";
import { withoutBinaryLog } from "../engine/database/binary-log.ts";
import { type Occupancy, occupancyOf } from "../engine/database/target.ts";
import type { ClientTools } from "../engine/part.ts";
import type { RestoreTarget } from "../engine/restore.ts";
import { contentOf } from "../engine/stored-content.ts";
import type { Backups } from "./backups.ts";
import { checkBinaryLog, checkCollations, checkOccupancy, checkPaths, checkSafety, checkTables } from "./restore-checks.ts";
import { checkTargetDatabase, targetOf } from "./restore-target.ts";
import type { Sources } from "./sources.ts";
import type { OpenedBackup, StoredBackups } from "./stored-backups.ts";

/** What is asked of a restore. */
export interface RestoreRequest {
  /** The id that it is to have; taken already means that it was asked for before, and that one stands. */
  readonly id?: RestoreId | null;
  readonly name?: string | null;
  /** Exactly one of the two. */
  readonly backupId?: BackupId | null;
  readonly uploadIds?: readonly UploadId[] | null;
  readonly type: BackupType;
  readonly mode?: RestoreMode | null;
  readonly targetSourceId?: SourceId | null;
  /** Another database on the target's server. */
  readonly targetDatabase?: string | null;
  readonly tables?: readonly string[] | null;
  readonly paths?: readonly string[] | null;
  readonly rewrites?: Rewrites | null;
  readonly backupBeforeRestore?: boolean | null;
  readonly staged?: boolean | null;
  /** Nothing of it comes into the binary log of the target's server. */
  readonly skipBinaryLog?: boolean | null;
}

/** Where uploads are read from. */
export interface UploadContents {
  /**
   * What these uploads hold together, rewritten on the way, and what to call it; refused with what is wrong with them.
   * `mediaPaths` are the target's folders, which their archives are for.
   */
  contentOf(
    ids: readonly UploadId[],
    rewrites: Rewrites | null,
    mediaPaths: readonly string[],
  ): Promise<{ readonly content: Content; readonly name: string; readonly collations: readonly string[] }>;
}

/** What is restored: a backup's content or that of uploads. */
export interface Restorable {
  readonly backup: BackupRow | null;
  /** Where the backup is read. */
  readonly from: OpenedBackup["from"] | null;
  readonly uploadIds: readonly UploadId[] | null;
  readonly content: Content;
  /** What a person calls it. */
  readonly name: string;
  /** Those that an uploaded dump uses as it comes into the database; a backup's are not looked at. */
  readonly collations: readonly string[];
}

/** A request with all that it names found, and its defaults. */
export interface ResolvedRestore extends Restorable {
  readonly type: BackupType;
  readonly mode: RestoreMode;
  readonly target: SourceRow;
  /** Null for the source's own. */
  readonly targetDatabase: string | null;
  readonly tables: readonly string[] | null;
  readonly paths: readonly string[] | null;
  readonly rewrites: Rewrites | null;
  readonly backupBeforeRestore: boolean;
  readonly staged: boolean;
  readonly skipBinaryLog: boolean;
}
type Way = Pick<ResolvedRestore, "type" | "target" | "targetDatabase" | "skipBinaryLog">;

interface Dependencies {
  readonly catalog: Db;
  readonly backups: Backups;
  readonly sources: Sources;
  readonly storedBackups: Pick<StoredBackups, "openToRestore">;
  /** Null where uploads cannot be restored. */
  readonly uploads: UploadContents | null;
  readonly tools: () => Promise<ClientTools>;
}

export type RestoreRequests = ReturnType<typeof createRestoreRequests>;

/** Finds what requests name and says what stands in their way; touches nothing. */
export function createRestoreRequests({ catalog, backups, sources, storedBackups, uploads, tools }: Dependencies) {
  /** The content of a backup that is complete. */
  async function ofBackup(id: BackupId) {
    const backup = await backups.existing(id);
    const manifest = await backups.manifestOf(id);
    if (backup.status !== "COMPLETED" || !manifest)
      throw badInput(`${backup.name} is not complete, so it cannot be restored.`, "Choose a completed backup.");
    const opened = await storedBackups.openToRestore(backup, manifest);
    return { backup, from: opened.from, uploadIds: null, content: contentOf(opened), name: backup.name, collations: [] };
  }

  /** What the request names, and the target that it goes into: a backup's own source when none is named. */
  async function found({ backupId, uploadIds, rewrites, targetSourceId }: RestoreRequest): Promise<Restorable & { target: SourceRow }> {
    if (backupId && uploadIds)
      throw badInput("A restore is of a backup or of uploads, not of both.", "Give one of `backupId` and `uploadIds`.");
    if (uploadIds?.length) {
      if (!uploads) throw badInput("Uploads cannot be restored here.", "Restore a backup by its `backupId`.");
      const target = await sources.choose(targetSourceId ?? null);
      return { target, backup: null, from: null, uploadIds, ...(await uploads.contentOf(uploadIds, rewrites ?? null, target.mediaPaths)) };
    }
    if (!backupId) throw badInput("Name what to restore.", "Give a backup's id as `backupId`, or `uploadIds`.");
    if (rewrites) throw badInput("Only uploads are rewritten on their way; a backup is restored as it is.", "Leave `rewrites` out.");
    const restorable = await ofBackup(backupId);
    return { target: await sources.existing(targetSourceId ?? restorable.backup.sourceId), ...restorable };
  }

  const connectionFor = async ({ type, target, targetDatabase, skipBinaryLog }: Way): Promise<Connection | null> => {
    const own = type === "MEDIA" ? null : sources.connectionOf(target);
    const connection = own && { ...own, database: targetDatabase ?? own.database };
    return connection && skipBinaryLog ? withoutBinaryLog(connection) : connection;
  };

  const targetIn = async (restore: ResolvedRestore, make: boolean): Promise<RestoreTarget> => {
    const { content, target, type } = restore;
    const connection = await connectionFor(restore);
    return targetOf(target, content, type, connection && { connection, tools: await tools(), make });
  };

  const occupancy = async ({ target, targetDatabase }: Pick<ResolvedRestore, "target" | "targetDatabase">): Promise<Occupancy> => {
    const connection = sources.connectionOf(target);
    return connection && targetDatabase !== null ? occupancyOf({ ...connection, database: targetDatabase }) : "filled";
  };

  return {
    /** Rejects where so much is missing that nothing can be said of it. */
    async resolve(request: RestoreRequest): Promise<ResolvedRestore> {
      const { target, ...restorable } = await found(request);
      const targetDatabase = request.targetDatabase ?? null;
      return {
        ...restorable,
        type: request.type,
        mode: request.mode ?? "REPLACE",
        target,
        targetDatabase: targetDatabase === target.databaseName ? null : targetDatabase,
        tables: request.tables ?? null,
        paths: request.paths ?? null,
        rewrites: request.rewrites ?? null,
        backupBeforeRestore: request.backupBeforeRestore ?? true,
        staged: request.staged ?? true,
        skipBinaryLog: request.skipBinaryLog ?? false,
      };
    },

    /** Where the engine puts it. With `targetDatabase`, `make` says that this is not there yet. */
    targetIn,
    occupancy,
    /** How its database is reached; null where it has none. Rejects where the binary log is to be left out and cannot be. */
    connectionFor,

    /** What stands in the way of the restore, in the order in which it is told. */
    async *problems(restore: ResolvedRestore): AsyncGenerator<Failure, void> {
      const checks: readonly (() => unknown)[] = [
        () => targetOf(restore.target, restore.content, restore.type, null),
        () => checkTables(restore),
        () => checkPaths(restore),
        () => checkSafety(restore),
        () => checkCollations(restore, sources.connectionOf(restore.target)),
        () => checkBinaryLog(restore),
        () => connectionFor(restore),
        async () => {
          if (restore.targetDatabase === null) return;
          checkTargetDatabase(restore, await listSources(catalog));
          checkOccupancy(restore, await occupancy(restore));
        },
      ];
      for (const check of checks) {
        try {
          await check();
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          yield error;
        }
      }
    },
  };
}

/** The name of a restore: as given, or after what is restored. */
export function nameOf(request: Pick<RestoreRequest, "name">, restored: string): string {
  const name = request.name?.trim() || `Restore of ${restored}`.slice(0, limits.nameLength);
  if (name.length > limits.nameLength) throw badInput(`A restore's name has at most ${limits.nameLength} characters.`);
  return name;
}
