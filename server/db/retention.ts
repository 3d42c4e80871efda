import { and, desc, eq, gt, inArray, isNotNull, isNull, or, sql } from "drizzle-orm";
import type { BackupType } from "../../shared/enums.ts";
import type { BackupId, ScheduleId, SourceId } from "../domain/ids.ts";
import { activeStatuses } from "../domain/operation.ts";
import type { Retention, SizeCap } from "../domain/retention.ts";
import type { Db } from "./client.ts";
import { backups, downloads, restores, schedules, sources, storages, verifications } from "./schema/index.ts";

/** A completed backup as retention needs it: nothing that grows with what it holds. */
export const listRetainable = (db: Db) =>
  db
    .select({
      id: backups.id,
      name: backups.name,
      sourceId: backups.sourceId,
      source: sources.name,
      storageId: backups.storageId,
      scheduleId: backups.scheduleId,
      type: backups.type,
      createdAt: backups.createdAt,
      storedSize: backups.storedSize,
      pinned: backups.pinned,
    })
    .from(backups)
    .innerJoin(sources, eq(sources.id, backups.sourceId))
    .where(and(eq(backups.status, "COMPLETED"), isNull(backups.deletedAt)));
export type RetainableRow = Awaited<ReturnType<typeof listRetainable>>[number];

/** What verifications that ended by themselves found of each backup. */
export async function listFindings(db: Db): Promise<Map<BackupId, { readonly damaged: boolean; readonly proven: boolean }>> {
  const rows = await db
    .select({ id: verifications.backupId, damaged: lastFailed.as("damaged"), proven: everDrilled.as("proven") })
    .from(verifications)
    .where(ended)
    .groupBy(verifications.backupId);
  return new Map(rows.map(({ id, damaged, proven }) => [id, { damaged: Number(damaged) === 1, proven: Number(proven) === 1 }]));
}

const ended = and(eq(verifications.status, "COMPLETED"), isNotNull(verifications.passed));
/** Instants and ids have one length each, so the greatest of these texts is the last verification's. */
const lastFailed = sql<number>`right(max(concat(${verifications.createdAt}, ${verifications.id}, ${verifications.passed})), 1) = '0'`;
const everDrilled = sql<number>`max(${verifications.level} = 'RESTORE' and ${verifications.passed})`;

/** The backups that a restore, a verification or a download needs now; of one of them alone, where an id is given. */
export async function listInUse(db: Db, now: Date, id: BackupId | null = null): Promise<Set<BackupId>> {
  const restored = await db
    .select({ backupId: restores.backupId, preRestoreBackupId: restores.preRestoreBackupId })
    .from(restores)
    .where(
      and(
        or(inArray(restores.status, [...activeStatuses]), isNotNull(restores.journal)),
        id ? or(eq(restores.backupId, id), eq(restores.preRestoreBackupId, id)) : undefined,
      ),
    );
  const verified = await db
    .select({ backupId: verifications.backupId })
    .from(verifications)
    .where(and(inArray(verifications.status, [...activeStatuses]), id ? eq(verifications.backupId, id) : undefined));
  // A link that has not expired may be used, or resumed, at any moment.
  const downloaded = await db
    .select({ backupId: downloads.backupId })
    .from(downloads)
    .where(and(gt(downloads.expiresAt, now), id ? eq(downloads.backupId, id) : undefined));
  const ids = [
    ...restored.flatMap((row) => [row.backupId, row.preRestoreBackupId]),
    ...[...verified, ...downloaded].map((row) => row.backupId),
  ];
  return new Set(ids.filter((each) => each !== null));
}

/** The limits of each schedule that has some of its own. */
export async function listScheduleRetentions(db: Db): Promise<Map<ScheduleId, Retention>> {
  const rows = await db.select({ id: schedules.id, retention: schedules.retention }).from(schedules).where(isNotNull(schedules.retention));
  return new Map(rows.flatMap(({ id, retention }) => (retention ? [[id, retention]] : [])));
}

/** The storages that have a cap. */
export async function listSizeCaps(db: Db): Promise<SizeCap[]> {
  const rows = await db
    .select({ storageId: storages.id, capBytes: storages.sizeCapBytes })
    .from(storages)
    .where(isNotNull(storages.sizeCapBytes));
  return rows.map(({ storageId, capBytes }) => ({ storageId, capBytes: capBytes ?? 0 }));
}

const found = sql`(select v.passed from verifications v where v.backup_id = ${backups.id} and v.status = 'COMPLETED' and v.passed is not null order by v.created_at desc, v.id desc limit 1)`;
const good = (sourceId: SourceId) =>
  and(eq(backups.sourceId, sourceId), eq(backups.status, "COMPLETED"), isNull(backups.deletedAt), sql`coalesce(${found}, 1) = 1`);

/** Whether it is, this instant, its source's newest good backup of one of these types. */
export async function isNewestGood(db: Db, id: BackupId, sourceId: SourceId, types: readonly BackupType[]): Promise<boolean> {
  const [newest] = await db
    .select({ id: backups.id })
    .from(backups)
    .where(and(good(sourceId), inArray(backups.type, [...types])))
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(1);
  return newest?.id === id;
}

/** Whether it is, this instant, its source's newest good backup that a drill has restored. */
export async function isNewestProven(db: Db, id: BackupId, sourceId: SourceId): Promise<boolean> {
  const [newest] = await db
    .select({ id: backups.id })
    .from(backups)
    .innerJoin(
      verifications,
      and(eq(verifications.backupId, backups.id), eq(verifications.level, "RESTORE"), eq(verifications.passed, true), ended),
    )
    .where(good(sourceId))
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(1);
  return newest?.id === id;
}

/** How old these backups are, and their schedules' own limits; completed ones alone. */
export const listAges = (db: Db, ids: readonly BackupId[]) =>
  db
    .select({ id: backups.id, createdAt: backups.createdAt, pinned: backups.pinned, retention: schedules.retention })
    .from(backups)
    .leftJoin(schedules, eq(schedules.id, backups.scheduleId))
    .where(and(inArray(backups.id, [...ids]), eq(backups.status, "COMPLETED"), isNull(backups.deletedAt)));
