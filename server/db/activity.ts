import { and, count, desc, eq, isNull, type SQL } from "drizzle-orm";
import type { MySqlColumn } from "drizzle-orm/mysql-core";
import type { ErrorCode } from "../../shared/codes.ts";
import type { OperationKind, OperationStatus, VerificationLevel } from "../../shared/enums.ts";
import type { BackupId, OperationId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { after, type Page, pageOf } from "./paging.ts";
import { backups, cleanups, copies, restores, sources, storages, verifications } from "./schema/index.ts";

/** One operation of any kind, with what a line about it says. */
export interface ActivityRow {
  readonly id: OperationId;
  readonly kind: OperationKind;
  readonly status: OperationStatus;
  readonly actor: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  readonly errorHint: string | null;
  /** The backup's or the restore's own; for a verification or a copy the name of its backup. */
  readonly name?: string | null;
  /** The source that was backed up, restored into, or of which a backup was verified or copied. */
  readonly sourceName?: string | null;
  /** The storage that a backup was copied to. */
  readonly storageName?: string | null;
  readonly backupId?: BackupId | null;
  readonly storedSize?: number | null;
  readonly level?: VerificationLevel | null;
  readonly passed?: boolean | null;
  readonly removedCount?: number | null;
  readonly freedBytes?: number | null;
}

/** A page of all operations, newest first: the newest of each kind, of which the newest are taken. */
export async function pageActivity(db: Db, first: number, cursor: string | null): Promise<Page<ActivityRow>> {
  const kinds = await Promise.all([
    listBackups(db, first, cursor),
    listRestores(db, first, cursor),
    listVerifications(db, first, cursor),
    listCleanups(db, first, cursor),
    listCopies(db, first, cursor),
  ]);
  const rows = kinds.flat().toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1));
  return pageOf(rows, first, await countAll(db));
}

type Table = typeof backups | typeof restores | typeof verifications | typeof cleanups | typeof copies;

const shared = (table: Table) => ({
  id: table.id as unknown as typeof backups.id,
  status: table.status,
  actor: table.actor,
  createdAt: table.createdAt,
  startedAt: table.startedAt,
  finishedAt: table.finishedAt,
  errorCode: table.errorCode,
  errorMessage: table.errorMessage,
  errorHint: table.errorHint,
});

const newest = ({ createdAt, id }: { createdAt: MySqlColumn; id: MySqlColumn }): [SQL, SQL] => [desc(createdAt), desc(id)];
const tagged = <Row extends object>(kind: OperationKind, rows: readonly Row[]) =>
  rows.map((row) => ({ ...row, kind }) as unknown as ActivityRow);

const listBackups = async (db: Db, first: number, cursor: string | null) =>
  tagged(
    "BACKUP",
    await db
      .select({ ...shared(backups), name: backups.name, sourceName: sources.name, storedSize: backups.storedSize })
      .from(backups)
      .innerJoin(sources, eq(sources.id, backups.sourceId))
      .where(and(isNull(backups.deletedAt), after(backups.createdAt, backups.id, cursor)))
      .orderBy(...newest(backups))
      .limit(first + 1),
  );

const listRestores = async (db: Db, first: number, cursor: string | null) =>
  tagged(
    "RESTORE",
    await db
      .select({ ...shared(restores), name: restores.name, sourceName: sources.name, backupId: restores.backupId })
      .from(restores)
      .innerJoin(sources, eq(sources.id, restores.targetSourceId))
      .where(after(restores.createdAt, restores.id, cursor))
      .orderBy(...newest(restores))
      .limit(first + 1),
  );

const listVerifications = async (db: Db, first: number, cursor: string | null) =>
  tagged(
    "VERIFICATION",
    await db
      .select({
        ...shared(verifications),
        name: backups.name,
        sourceName: sources.name,
        backupId: verifications.backupId,
        level: verifications.level,
        passed: verifications.passed,
      })
      .from(verifications)
      .innerJoin(backups, eq(backups.id, verifications.backupId))
      .innerJoin(sources, eq(sources.id, backups.sourceId))
      .where(after(verifications.createdAt, verifications.id, cursor))
      .orderBy(...newest(verifications))
      .limit(first + 1),
  );

const listCleanups = async (db: Db, first: number, cursor: string | null) =>
  tagged(
    "CLEANUP",
    await db
      .select({ ...shared(cleanups), removedCount: cleanups.removedCount, freedBytes: cleanups.freedBytes })
      .from(cleanups)
      .where(after(cleanups.createdAt, cleanups.id, cursor))
      .orderBy(...newest(cleanups))
      .limit(first + 1),
  );

const listCopies = async (db: Db, first: number, cursor: string | null) =>
  tagged(
    "COPY",
    await db
      .select({
        ...{ ...shared(copies), name: backups.name, sourceName: sources.name, backupId: copies.backupId },
        ...{ storageName: storages.name, storedSize: backups.storedSize },
      })
      .from(copies)
      .innerJoin(backups, eq(backups.id, copies.backupId))
      .innerJoin(sources, eq(sources.id, backups.sourceId))
      .innerJoin(storages, eq(storages.id, copies.storageId))
      .where(after(copies.createdAt, copies.id, cursor))
      .orderBy(...newest(copies))
      .limit(first + 1),
  );

async function countAll(db: Db): Promise<number> {
  const counts = await Promise.all([
    db.select({ count: count() }).from(backups).where(isNull(backups.deletedAt)),
    db.select({ count: count() }).from(restores),
    db.select({ count: count() }).from(verifications),
    db.select({ count: count() }).from(cleanups),
    db.select({ count: count() }).from(copies),
  ]);
  return counts.reduce((total, [row]) => total + (row?.count ?? 0), 0);
}
