import { and, asc, desc, eq, getTableColumns, gt, gte, inArray, isNotNull, isNull, lt, ne, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/mysql-core";
import type { BackupId, OperationId, ScheduleId, SourceId, StorageId, VerificationId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { alertStates, backupCopies, backups, restores, scheduleRuns, schedules, verifications } from "./schema/index.ts";

/** How long before its end an operation that is still to be read may have been asked for. */
const longestMilliseconds = 30 * 24 * 60 * 60 * 1000;
const asked = (since: Date) => new Date(since.getTime() - longestMilliseconds);

const backupColumns = {
  id: backups.id,
  name: backups.name,
  type: backups.type,
  trigger: backups.trigger,
  status: backups.status,
  scheduleId: backups.scheduleId,
  storedSize: backups.storedSize,
  artifacts: backups.artifacts,
  warnings: backups.warnings,
  createdAt: backups.createdAt,
  startedAt: backups.startedAt,
  finishedAt: backups.finishedAt,
  errorCode: backups.errorCode,
  errorMessage: backups.errorMessage,
  errorHint: backups.errorHint,
};
export type EndedBackup = Pick<typeof backups.$inferSelect, keyof typeof backupColumns>;

/** Backups of the source that completed or failed after `since`, in the order in which they ended; safety copies belong to their restore. */
export const listEndedBackups = (db: Db, sourceId: SourceId, since: Date): Promise<EndedBackup[]> =>
  db
    .select(backupColumns)
    .from(backups)
    .where(
      and(
        eq(backups.sourceId, sourceId),
        gte(backups.createdAt, asked(since)),
        gt(backups.finishedAt, since),
        inArray(backups.status, ["COMPLETED", "FAILED"]),
        ne(backups.trigger, "PRE_RESTORE"),
      ),
    )
    .orderBy(asc(backups.finishedAt), asc(backups.id))
    .limit(500);

export interface EndedVerification {
  readonly id: (typeof verifications.$inferSelect)["id"];
  readonly backupId: BackupId;
  readonly backupName: string;
  readonly level: (typeof verifications.$inferSelect)["level"];
  readonly status: (typeof verifications.$inferSelect)["status"];
  readonly passed: boolean | null;
  readonly finishedAt: Date | null;
  readonly errorCode: (typeof verifications.$inferSelect)["errorCode"];
  readonly errorMessage: string | null;
  readonly errorHint: string | null;
}

/** The same of verifications of the source's backups. */
export const listEndedVerifications = (db: Db, sourceId: SourceId, since: Date): Promise<EndedVerification[]> =>
  db
    .select({
      ...{ id: verifications.id, backupId: verifications.backupId, backupName: backups.name, level: verifications.level },
      ...{ status: verifications.status, passed: verifications.passed, finishedAt: verifications.finishedAt },
      ...{ errorCode: verifications.errorCode, errorMessage: verifications.errorMessage, errorHint: verifications.errorHint },
    })
    .from(verifications)
    .innerJoin(backups, eq(verifications.backupId, backups.id))
    .where(
      and(
        eq(backups.sourceId, sourceId),
        gte(verifications.createdAt, asked(since)),
        gt(verifications.finishedAt, since),
        inArray(verifications.status, ["COMPLETED", "FAILED"]),
      ),
    )
    .orderBy(asc(verifications.finishedAt), asc(verifications.id))
    .limit(500);

/** The schedule runs whose last attempt was one of these operations. */
export const findRunsOf = (db: Db, ids: readonly OperationId[]) =>
  ids.length === 0
    ? Promise.resolve([])
    : db
        .select({ operationId: scheduleRuns.operationId, state: scheduleRuns.state, reason: scheduleRuns.reason })
        .from(scheduleRuns)
        .where(inArray(scheduleRuns.operationId, [...ids]));

/** Completed backups of the same source and type before this one, newest first, with what their parts hold. */
export const listLikeBackups = (db: Db, sourceId: SourceId, before: EndedBackup, count: number) =>
  db
    .select({ id: backups.id, artifacts: backups.artifacts })
    .from(backups)
    .where(
      and(
        eq(backups.sourceId, sourceId),
        eq(backups.type, before.type),
        eq(backups.status, "COMPLETED"),
        ne(backups.id, before.id),
        lt(backups.createdAt, before.createdAt),
        ne(backups.trigger, "PRE_RESTORE"),
      ),
    )
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(count);

/** When the source's newest good backups were made that hold the database, and the media: completed, and not found damaged since. */
export async function newestGood(db: Db, sourceId: SourceId): Promise<{ readonly database: Date | null; readonly media: Date | null }> {
  const newest = async (types: readonly ("DATABASE" | "MEDIA" | "FULL")[]) => {
    const [row] = await db
      .select({ at: backups.createdAt })
      .from(backups)
      .where(
        and(
          eq(backups.sourceId, sourceId),
          eq(backups.status, "COMPLETED"),
          isNull(backups.deletedAt),
          inArray(backups.type, [...types]),
          sql`coalesce((select ${verifications.passed} from ${verifications} where ${verifications.backupId} = ${backups.id}
            and ${verifications.passed} is not null order by ${verifications.createdAt} desc limit 1), 1) = 1`,
        ),
      )
      .orderBy(desc(backups.createdAt))
      .limit(1);
    return row?.at ?? null;
  };
  return { database: await newest(["FULL", "DATABASE"]), media: await newest(["FULL", "MEDIA"]) };
}

export type ScheduleRow = typeof schedules.$inferSelect;
export const listAllSchedules = (db: Db): Promise<ScheduleRow[]> => db.select().from(schedules).orderBy(asc(schedules.name));

export type RunRow = typeof scheduleRuns.$inferSelect;

/** Runs of the schedule that were settled after `since`, in that order. */
export const listSettledRuns = (db: Db, scheduleId: ScheduleId, since: Date): Promise<RunRow[]> =>
  db
    .select(getTableColumns(scheduleRuns))
    .from(scheduleRuns)
    .where(and(eq(scheduleRuns.scheduleId, scheduleId), gt(scheduleRuns.settledAt, since)))
    .orderBy(asc(scheduleRuns.settledAt), asc(scheduleRuns.dueAt), asc(scheduleRuns.id))
    .limit(500);

/** Why a restore failed; null when there is no such restore. */
export async function findRestoreError(db: Db, id: OperationId) {
  const [row] = await db
    .select({ id: restores.id, code: restores.errorCode, message: restores.errorMessage, hint: restores.errorHint })
    .from(restores)
    .where(sql`${restores.id} = ${id}`);
  return row ?? null;
}

/** Backups that a storage has not let go of since `before`, by that storage. */
export const listRefusedDeletions = (db: Db, before: Date) =>
  db
    .select({
      storageId: sql<StorageId>`coalesce(${backupCopies.storageId}, ${backups.storageId})`,
      problem: sql<string | null>`coalesce(${backupCopies.problem}, ${backups.deletionProblem})`,
      deletedAt: backups.deletedAt,
    })
    .from(backups)
    .leftJoin(backupCopies, and(eq(backupCopies.backupId, backups.id), isNotNull(backupCopies.problem)))
    .where(and(isNotNull(backups.deletionProblem), lt(backups.deletedAt, before)))
    .orderBy(asc(backups.deletedAt))
    .limit(1000);

export const listSchedulesOf = (db: Db, sourceId: SourceId): Promise<ScheduleRow[]> =>
  db.select().from(schedules).where(eq(schedules.sourceId, sourceId));

/** The source whose backup a verification is of; null when there is none. */
export async function findVerificationSource(db: Db, id: VerificationId): Promise<SourceId | null> {
  const [row] = await db
    .select({ sourceId: backups.sourceId })
    .from(verifications)
    .innerJoin(backups, eq(verifications.backupId, backups.id))
    .where(eq(verifications.id, id));
  return row?.sourceId ?? null;
}

/** Schedules that something may be new about: runs were settled since they were last looked at, or a pause began or ended. */
export async function listSchedulesWithNews(db: Db, begins: Date): Promise<ScheduleRow[]> {
  const read = alias(alertStates, "read_until");
  const paused = alias(alertStates, "paused");
  const subject = sql`concat('schedule:', ${schedules.id})`;
  const since = sql`coalesce(${read.cursorAt}, ${begins}) - interval 10 minute`;
  return db
    .select(getTableColumns(schedules))
    .from(schedules)
    .leftJoin(read, and(eq(read.subject, subject), eq(read.event, "BACKUP_MISSED")))
    .leftJoin(paused, and(eq(paused.subject, subject), eq(paused.event, "SCHEDULE_PAUSED")))
    .where(
      or(
        sql`(${schedules.pausedReason} is not null) <> coalesce(${paused.raised}, 0)`,
        sql`exists (select 1 from ${scheduleRuns} where ${scheduleRuns.scheduleId} = ${schedules.id}
          and ${scheduleRuns.dueAt} > ${since} - interval 40 day and ${scheduleRuns.settledAt} > ${since})`,
      ),
    )
    .orderBy(asc(schedules.name));
}
