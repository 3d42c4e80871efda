import { and, asc, count, desc, eq, getTableColumns, gt, gte, inArray, isNotNull, isNull, like, lt, or, sql } from "drizzle-orm";
import type { BackupType, OperationStatus } from "../../shared/enums.ts";
import type { PastPart } from "../domain/forecast.ts";
import type { BackupId, ScheduleId, SourceId, StorageId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import { sizesOf } from "../domain/manifest-sizes.ts";
import { activeStatuses } from "../domain/operation.ts";
import { copyWarnings, warningsOf } from "../domain/warnings.ts";
import type { Db } from "./client.ts";
import { type CopyOutcome, recordOutcomes } from "./copies.ts";
import { after, containing, type Page, pageOf } from "./paging.ts";
import { backupCopies, backupManifests, backups, verifications } from "./schema/index.ts";

export type BackupRow = typeof backups.$inferSelect;
export type NewBackup = typeof backups.$inferInsert;

export interface BackupFilter {
  readonly status?: readonly OperationStatus[] | null;
  readonly type?: readonly BackupType[] | null;
  readonly sourceId?: SourceId | null;
  readonly storageId?: StorageId | null;
  readonly scheduleId?: ScheduleId | null;
  readonly search?: string | null;
  readonly createdAfter?: Date | null;
  readonly createdBefore?: Date | null;
  readonly pinned?: boolean | null;
  /** Those alone whose deletion has begun; without it, none of them. */
  readonly deleting?: boolean | null;
}

/** The backup with its copies: one on its own storage, and one on each of the others. */
export async function insertBackup(db: Db, row: NewBackup, otherStorageIds: readonly StorageId[] = []): Promise<void> {
  const stored = row.status === "COMPLETED";
  const copy = { backupId: row.id, state: stored ? "STORED" : "WAITING", storedAt: stored ? (row.finishedAt ?? null) : null } as const;
  await db.insert(backups).values(row);
  await db.insert(backupCopies).values([row.storageId, ...otherStorageIds].map((storageId) => ({ ...copy, storageId })));
}

/** Not those whose deletion has begun. */
export async function findBackup(db: Db, id: BackupId): Promise<BackupRow | null> {
  const [row] = await db
    .select()
    .from(backups)
    .where(and(eq(backups.id, id), isNull(backups.deletedAt)));
  return row ?? null;
}

export const findBackups = (db: Db, ids: readonly BackupId[]): Promise<BackupRow[]> =>
  db
    .select()
    .from(backups)
    .where(and(inArray(backups.id, [...ids]), isNull(backups.deletedAt)));

/** It is there, is to be, or is not gone from there yet. */
const liesOn = (storageId: StorageId) => sql`exists (select 1 from ${backupCopies} where ${backupCopies.backupId} = ${backups.id}
  and ${backupCopies.storageId} = ${storageId} and (${backupCopies.state} <> 'FAILED' or ${backups.storageId} = ${storageId}))`;

const matching = (filter: BackupFilter) =>
  and(
    filter.deleting ? isNotNull(backups.deletedAt) : isNull(backups.deletedAt),
    filter.status ? inArray(backups.status, [...filter.status]) : undefined,
    filter.type ? inArray(backups.type, [...filter.type]) : undefined,
    filter.sourceId ? eq(backups.sourceId, filter.sourceId) : undefined,
    filter.storageId ? liesOn(filter.storageId) : undefined,
    filter.scheduleId ? eq(backups.scheduleId, filter.scheduleId) : undefined,
    filter.search ? or(like(backups.name, containing(filter.search)), like(backups.description, containing(filter.search))) : undefined,
    filter.createdAfter ? gte(backups.createdAt, filter.createdAfter) : undefined,
    filter.createdBefore ? lt(backups.createdAt, filter.createdBefore) : undefined,
    filter.pinned === null || filter.pinned === undefined ? undefined : eq(backups.pinned, filter.pinned),
  );

/** The index in whose order a page is found without sorting. The catalog would guess, and at times sort a hundred thousand rows. */
function indexFor({ deleting, sourceId, scheduleId, status, pinned }: BackupFilter): string {
  if (deleting) return "backups_deleted";
  // Few are.
  if (pinned) return "backups_pinned";
  if (sourceId) return "backups_source_listed";
  if (scheduleId) return "backups_schedule_created";
  return status?.length === 1 && status[0] !== "COMPLETED" ? "backups_status_created" : "backups_listed";
}

export async function countBackups(db: Db, filter: BackupFilter): Promise<number> {
  const [total] = await db.select({ count: count() }).from(backups).where(matching(filter));
  return total?.count ?? 0;
}

/** A page of backups, newest first: chosen by an index alone, and only then read. `counted` may know the whole number already. */
export async function pageBackups(
  db: Db,
  filter: BackupFilter,
  first: number,
  cursor: string | null,
  counted: () => Promise<number> = () => countBackups(db, filter),
): Promise<Page<BackupRow>> {
  const chosen = db
    .select({ id: backups.id })
    .from(backups, { forceIndex: [indexFor(filter)] })
    .where(and(matching(filter), after(backups.createdAt, backups.id, cursor)))
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(first + 1)
    .as("chosen");
  const [total, rows] = await Promise.all([
    counted(),
    db
      .select(getTableColumns(backups))
      .from(chosen)
      .innerJoin(backups, eq(backups.id, chosen.id))
      .orderBy(desc(backups.createdAt), desc(backups.id)),
  ]);
  return pageOf(rows, first, total);
}

/** Completed backups that hold at least what `type` asks for, newest first. */
export const listCompleted = (db: Db, type: BackupType | null, sourceId: SourceId | null): Promise<BackupRow[]> =>
  db
    .select()
    .from(backups)
    .where(
      and(
        eq(backups.status, "COMPLETED"),
        isNull(backups.deletedAt),
        type ? inArray(backups.type, type === "FULL" ? ["FULL"] : ["FULL", type]) : undefined,
        sourceId ? eq(backups.sourceId, sourceId) : undefined,
      ),
    )
    .orderBy(desc(backups.createdAt))
    .limit(1000);

/** The source's newest backup of these types, or of any; completed ones only if asked for. */
export async function newestBackup(
  db: Db,
  sourceId: SourceId,
  { completed = false, types = null }: { readonly completed?: boolean; readonly types?: readonly BackupType[] | null },
): Promise<BackupRow | null> {
  const [row] = await db
    .select()
    .from(backups)
    .where(
      and(
        eq(backups.sourceId, sourceId),
        isNull(backups.deletedAt),
        completed ? eq(backups.status, "COMPLETED") : undefined,
        types ? inArray(backups.type, [...types]) : undefined,
      ),
    )
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(1);
  return row ?? null;
}

/**
 * The source's newest good backup that holds at least what `type` asks for, or of any type: complete, and not found damaged
 * by its last verification.
 */
export async function newestGoodBackup(db: Db, sourceId: SourceId, type: BackupType | null): Promise<BackupRow | null> {
  const last = db
    .select({ backupId: verifications.backupId, passed: verifications.passed, rank: newestFirst.as("verification_rank") })
    .from(verifications)
    .innerJoin(backups, eq(backups.id, verifications.backupId))
    .where(and(eq(verifications.status, "COMPLETED"), eq(backups.sourceId, sourceId)))
    .as("last_verification");
  const [row] = await db
    .select(getTableColumns(backups))
    .from(backups)
    .leftJoin(last, and(eq(last.backupId, backups.id), eq(last.rank, 1)))
    .where(
      and(
        eq(backups.sourceId, sourceId),
        eq(backups.status, "COMPLETED"),
        isNull(backups.deletedAt),
        type ? inArray(backups.type, type === "FULL" ? ["FULL"] : ["FULL", type]) : undefined,
        or(isNull(last.passed), eq(last.passed, true)),
      ),
    )
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(1);
  return row ?? null;
}

/** 1 for the newest verification of each backup. */
const newestFirst = sql<number>`row_number() over (partition by ${verifications.backupId} order by ${verifications.createdAt} desc, ${verifications.id} desc)`;

/** Failed backups of the source that are newer than `since`. */
export async function countFailedSince(db: Db, sourceId: SourceId, since: Date | null): Promise<number> {
  const [row] = await db
    .select({ count: count() })
    .from(backups)
    .where(
      and(
        eq(backups.sourceId, sourceId),
        eq(backups.status, "FAILED"),
        isNull(backups.deletedAt),
        since ? gt(backups.createdAt, since) : undefined,
      ),
    );
  return row?.count ?? 0;
}

/** The parts of the source's newest completed backups, newest first. */
export async function listPastParts(db: Db, sourceId: SourceId): Promise<PastPart[]> {
  const rows = await db
    .select({ compression: backups.compression, artifacts: backups.artifacts, addedSize: backups.addedSize, baseId: backups.baseId })
    .from(backups)
    .where(and(eq(backups.sourceId, sourceId), eq(backups.status, "COMPLETED"), isNull(backups.deletedAt)))
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(20);
  return rows.flatMap(({ compression, artifacts, addedSize, baseId }) =>
    artifacts.map(({ part, size, storedSize }) => {
      const others = artifacts.reduce((sum, other) => sum + (other.part === part ? 0 : other.storedSize), 0);
      const shared = part === "media" && addedSize !== null ? { addedSize: addedSize - others, builds: baseId !== null } : null;
      return { part, compression, size, storedSize, shared };
    }),
  );
}

/** Backups of the source that wait or run. */
export const listActiveBackups = (db: Db, sourceId: SourceId): Promise<BackupRow[]> =>
  db
    .select()
    .from(backups)
    .where(and(eq(backups.sourceId, sourceId), inArray(backups.status, [...activeStatuses])))
    .orderBy(asc(backups.createdAt));

/**
 * Writes down what a backup holds, and which storages have it; its status is the lifecycle's. Without outcomes all storages have
 * it. The first that does is the one that is read first.
 */
export async function recordManifest(db: Db, id: BackupId, manifest: Manifest, outcomes: readonly CopyOutcome[] = []): Promise<void> {
  const { size, storedSize, addedSize } = sizesOf(manifest);
  const first = outcomes.find(({ problem }) => problem === null);
  // The row first: the manifest's foreign key would share its lock, and then wait for a heartbeat that waits for that.
  await db.transaction(async (tx) => {
    await tx
      .update(backups)
      .set({
        ...{ artifacts: manifest.artifacts, size, storedSize, addedSize, countedSize: addedSize },
        ...{ encrypted: manifest.encrypted, keyId: manifest.encryption?.keyId ?? null },
        ...{ warnings: [...warningsOf(manifest), ...copyWarnings(outcomes)], ...(first ? { storageId: first.storageId } : {}) },
      })
      .where(eq(backups.id, id));
    // Written once more where the answer to the first time was lost.
    await tx.insert(backupManifests).values({ backupId: id, manifest }).onDuplicateKeyUpdate({ set: { manifest } });
    await recordOutcomes(tx, id, new Date(manifest.finishedAt), outcomes);
  });
}

export const findManifests = (db: Db, ids: readonly BackupId[]): Promise<{ backupId: BackupId; manifest: Manifest }[]> =>
  db
    .select()
    .from(backupManifests)
    .where(inArray(backupManifests.backupId, [...ids]));

/** The newest complete backups of a source. */
export const listSourceBackups = (db: Db, sourceId: SourceId, first: number): Promise<BackupRow[]> =>
  db
    .select()
    .from(backups)
    .where(and(eq(backups.sourceId, sourceId), eq(backups.status, "COMPLETED"), isNull(backups.deletedAt)))
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(first);

export async function setPinned(db: Db, id: BackupId, pinned: boolean): Promise<void> {
  await db.update(backups).set({ pinned }).where(eq(backups.id, id));
}
