import type { ErrorCode } from "../../shared/codes.ts";
import type { RestoreMode } from "../../shared/enums.ts";
import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import type { SourceRow } from "../db/sources.ts";
import type { UploadRow } from "../db/uploads.ts";
import { findProofs } from "../db/verifications.ts";
import type { Actor } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import { type DatabaseForecast, forecastDatabase } from "../engine/database/forecast.ts";
import { type MediaForecast, planMedia } from "../engine/media/plan.ts";
import { bytesOf, type RestoreTarget } from "../engine/restore.ts";
import { isLocal, type Need, type Room, roomFor } from "../engine/room.ts";
import { binaryLogSkipped } from "./restore-checks.ts";
import type { ResolvedRestore, RestoreRequest } from "./restore-request.ts";
import type { Restores } from "./restores.ts";
import type { Sources } from "./sources.ts";

/** What a restore would do to its target as it stands now. */
export interface RestoreForecast {
  readonly backup: BackupRow | null;
  readonly uploads: readonly UploadRow[];
  readonly target: SourceRow;
  readonly mode: RestoreMode;
  readonly tables: readonly string[] | null;
  readonly paths: readonly string[] | null;
  readonly database: DatabaseForecast | null;
  readonly media: readonly MediaForecast[];
  readonly bytes: number;
  readonly expectedSeconds: number | null;
  readonly spaceNeeded: number | null;
  readonly spaceFree: number | null;
  /** What to know before it starts. */
  readonly notes: readonly string[];
  readonly problems: readonly { readonly code: ErrorCode; readonly message: string; readonly hint: string | null }[];
}

export type RestorePlans = ReturnType<typeof createRestorePlans>;

/** Nobody waits longer to be told what a restore would do. */
const forecastMilliseconds = 120_000;

/** A scratch copy in the database has indexes and undo besides the rows of its dump. */
const scratchFactor = 1.5;

/** Foretells restores; touches nothing. */
export function createRestorePlans({
  catalog,
  restores,
  sources,
}: {
  readonly catalog: Db;
  readonly restores: Restores;
  readonly sources: Sources;
}) {
  /** By the newest drill of the target's backups, else by its restores, in proportion to what is read. */
  async function expectedSeconds({ backup, target }: ResolvedRestore, bytes: number): Promise<number | null> {
    const [proof] = await findProofs(catalog, [backup?.sourceId ?? target.id]);
    const whole = proof?.restoreSeconds ?? (await sources.expectedRestoreSeconds(target.id));
    if (whole === null) return null;
    return backup?.size ? whole * Math.min(1, bytes / backup.size) : whole;
  }

  return {
    async forecast(
      actor: Actor | null,
      request: RestoreRequest,
      signal = AbortSignal.timeout(forecastMilliseconds),
    ): Promise<RestoreForecast> {
      const { restore, problems, target } = await restores.look(actor, request);
      const told = [...problems];
      const { backup, uploadIds, mode, content, tables, paths } = restore;
      const database =
        target?.database && content.database
          ? await forecastDatabase(target.database.connection, content.database.summary, restore).catch((error: unknown) => {
              if (!(error instanceof Failure)) throw error;
              told.push(error);
              return null;
            })
          : null;
      const bytes = target ? await bytesOf({ content, target, tables, paths }) : 0;
      const room = target ? await roomOf(restore, target, database) : { needed: null, free: null };
      return {
        backup,
        uploads: await restores.uploadsOf(uploadIds),
        target: restore.target,
        ...{ mode, tables, paths },
        database,
        media: target?.media && content.media ? await planMedia(content.media, target.media, paths, mode, signal) : [],
        bytes,
        expectedSeconds: await expectedSeconds(restore, bytes),
        spaceNeeded: room.needed,
        spaceFree: room.free,
        notes: notesOf(restore, target),
        problems: told.map(({ code, message, hint }) => ({ code, message, hint: hint ?? null })),
      };
    },
  };
}

/** What is asked of the binary log, and what follows from it. */
function notesOf({ skipBinaryLog }: ResolvedRestore, target: RestoreTarget | null): string[] {
  if (!skipBinaryLog || !target?.database) return [];
  return [
    target.database.connection.skipBinaryLog ? binaryLogSkipped : "The target's server keeps no binary log: there is none to leave out.",
  ];
}

/** Of the copies beside the target that a staged restore needs for a while; a server elsewhere does not tell. */
async function roomOf(restore: ResolvedRestore, target: RestoreTarget, database: DatabaseForecast | null): Promise<Room> {
  const { content, tables, paths } = restore;
  const needs: Need[] = [];
  if (target.database && content.database && database?.folder && isLocal(target.database.connection))
    needs.push({ folder: database.folder, bytes: Math.ceil(content.database.size(tables) * scratchFactor) });
  const [first] = target.media ?? [];
  if (first && content.media) needs.push({ folder: first.path, bytes: (await content.media.measure(paths)).bytes });
  return roomFor(needs);
}
