import { and, eq, exists, gt, inArray, isNotNull, isNull, ne, or, type SQL, sql } from "drizzle-orm";
import type { BackupType } from "../../shared/enums.ts";
import type { BackupId, ScheduleId, SourceId, StorageId } from "../domain/ids.ts";
import { activeStatuses } from "../domain/operation.ts";
import type { Retention, SizeCap } from "../domain/retention.ts";
import type { Db } from "./client.ts";
import { backupCopies, backups, copies, downloads, restores, schedules, sources, storages, verifications } from "./schema/index.ts";

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
      addedSize: backups.addedSize,
      pinned: backups.pinned,
    })
    .from(backups)
    .innerJoin(sources, eq(sources.id, backups.sourceId))
    .where(and(eq(backups.status, "COMPLETED"), isNull(backups.deletedAt)));
export type RetainableRow = Awaited<ReturnType<typeof listRetainable>>[number];

/** The storages that have a backup beside its first; mostly of few or of none. */
export async function listFurtherCopies(db: Db): Promise<Map<BackupId, StorageId[]>> {
  const rows = await db
    .select({ id: backupCopies.backupId, storageId: backupCopies.storageId })
    .from(backupCopies)
    .innerJoin(backups, and(eq(backups.id, backupCopies.backupId), ne(backups.storageId, backupCopies.storageId)))
    .where(eq(backupCopies.state, "STORED"));
  const copies = new Map<BackupId, StorageId[]>();
  for (const { id, storageId } of rows) copies.set(id, [...(copies.get(id) ?? []), storageId]);
  return copies;
}

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

/** The backups that a restore, a verification, a copy, a download or a backup that builds on them needs now. */
export async function listInUse(db: Db, now: Date): Promise<Set<BackupId>> {
  const restored = await db
    .select({ backupId: restores.backupId, preRestoreBackupId: restores.preRestoreBackupId })
    .from(restores)
    .where(unsettled);
  const verified = await db.select({ backupId: verifications.backupId }).from(verifications).where(verifying);
  const copied = await db.select({ backupId: copies.backupId }).from(copies).where(copying);
  const downloaded = await db.select({ backupId: downloads.backupId }).from(downloads).where(usable(now));
  const building = await db.select({ backupId: backups.baseId }).from(backups).where(buildingOn);
  const ids = [
    ...restored.flatMap((row) => [row.backupId, row.preRestoreBackupId]),
    ...[...verified, ...copied, ...downloaded, ...building].map((row) => row.backupId),
  ];
  return new Set(ids.filter((each) => each !== null));
}

const unsettled = or(inArray(restores.status, [...activeStatuses]), isNotNull(restores.journal));
const verifying = inArray(verifications.status, [...activeStatuses]);
const buildingOn = and(isNotNull(backups.baseId), inArray(backups.status, [...activeStatuses]));
const copying = inArray(copies.status, [...activeStatuses]);
/** A link that has not expired may be used, or resumed, at any moment; one through which somebody reads may have expired. */
const usable = (now: Date) => or(gt(downloads.expiresAt, now), gt(downloads.readUntil, now));

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

/** What protects one backup, this instant. */
export interface Protection {
  readonly inUse: boolean;
  /** Its source's newest good backup of a part, and the newest that a drill has restored. */
  readonly newestGood: boolean;
  readonly newestProven: boolean;
}

/** The same as the rule finds for all of them, for one, in one query. */
export async function findProtection(db: Db, { id, sourceId, type }: ProtectedRow, now: Date): Promise<Protection> {
  const parts = (["DATABASE", "MEDIA"] as const).filter((part) => type === "FULL" || type === part);
  const restored = and(unsettled, or(eq(restores.backupId, id), eq(restores.preRestoreBackupId, id)));
  const inUse = or(
    exists(db.select({ one: sql`1` }).from(restores).where(restored)),
    exists(
      db
        .select({ one: sql`1` })
        .from(verifications)
        .where(and(verifying, eq(verifications.backupId, id))),
    ),
    exists(
      db
        .select({ one: sql`1` })
        .from(copies)
        .where(and(copying, eq(copies.backupId, id))),
    ),
    exists(
      db
        .select({ one: sql`1` })
        .from(downloads)
        .where(and(usable(now), eq(downloads.backupId, id))),
    ),
    exists(
      db
        .select({ one: sql`1` })
        .from(backups)
        .where(and(buildingOn, eq(backups.baseId, id))),
    ),
  );
  const good = parts.map((part) => sql`${newest(sourceId, sql`b.type in ('FULL', ${part})`)} = ${id}`);
  const [rows] = await db.execute(
    sql`select ${inUse} as inUse, (${sql.join(good, sql` or `)}) as newestGood, ${newest(sourceId, drilled)} = ${id} as newestProven`,
  );
  const [found] = rows as unknown as readonly Readonly<Record<keyof Protection, number | null>>[];
  return { inUse: found?.inUse === 1, newestGood: found?.newestGood === 1, newestProven: found?.newestProven === 1 };
}

/** Whether it is the newest good backup of a part of its source that this storage has. */
export async function isNewestGoodOn(db: Db, { id, sourceId, type }: ProtectedRow, storageId: StorageId): Promise<boolean> {
  const parts = (["DATABASE", "MEDIA"] as const).filter((part) => type === "FULL" || type === part);
  const there = sql`exists (select 1 from backup_copies c where c.backup_id = b.id and c.storage_id = ${storageId} and c.state = 'STORED')`;
  const good = parts.map((part) => sql`${newest(sourceId, sql`b.type in ('FULL', ${part}) and ${there}`)} = ${id}`);
  const [rows] = await db.execute(sql`select (${sql.join(good, sql` or `)}) as found`);
  const [row] = rows as unknown as readonly { readonly found: number | null }[];
  return row?.found === 1;
}

type ProtectedRow = { readonly id: BackupId; readonly sourceId: SourceId; readonly type: BackupType };

const drilled = sql`exists (select 1 from verifications d where d.backup_id = b.id and d.level = 'RESTORE' and d.status = 'COMPLETED' and d.passed)`;
/** The source's newest good backup for which `what` holds; read in the order of the index, so that the first one ends it. */
const newest = (sourceId: SourceId, what: SQL) => sql`(
  select b.id from backups b
  where b.source_id = ${sourceId} and b.status = 'COMPLETED' and b.deleted_at is null and ${what}
    and coalesce((select v.passed from verifications v where v.backup_id = b.id and v.status = 'COMPLETED' and v.passed is not null
      order by v.created_at desc, v.id desc limit 1), 1) = 1
  order by b.created_at desc, b.id desc limit 1)`;

/** How old these backups are, and their schedules' own limits; completed ones alone. */
export const listAges = (db: Db, ids: readonly BackupId[]) =>
  db
    .select({ id: backups.id, createdAt: backups.createdAt, pinned: backups.pinned, retention: schedules.retention })
    .from(backups)
    .leftJoin(schedules, eq(schedules.id, backups.scheduleId))
    .where(and(inArray(backups.id, [...ids]), eq(backups.status, "COMPLETED"), isNull(backups.deletedAt)));
