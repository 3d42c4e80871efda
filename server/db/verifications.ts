import { and, asc, desc, eq, getTableColumns, inArray, isNotNull, isNull, sql } from "drizzle-orm";
import type { BackupId, SourceId, VerificationId } from "../domain/ids.ts";
import { activeStatuses } from "../domain/operation.ts";
import type { VerificationReport } from "../domain/verification.ts";
import type { BackupRow } from "./backups.ts";
import type { Db } from "./client.ts";
import { backups, verifications } from "./schema/index.ts";

/** Without its report, which grows with the number of tables: see `findReports`. */
const { report: _, ...columns } = getTableColumns(verifications);
export type VerificationRow = Omit<typeof verifications.$inferSelect, "report">;
export type NewVerification = typeof verifications.$inferInsert;

export async function insertVerification(db: Db, row: NewVerification): Promise<void> {
  await db.insert(verifications).values(row);
}

export async function findVerification(db: Db, id: VerificationId): Promise<VerificationRow | null> {
  const [row] = await db.select(columns).from(verifications).where(eq(verifications.id, id));
  return row ?? null;
}

export const findVerifications = (db: Db, ids: readonly VerificationId[]): Promise<VerificationRow[]> =>
  db
    .select(columns)
    .from(verifications)
    .where(inArray(verifications.id, [...ids]));

/** All verifications of these backups, newest first. */
export const listVerificationsOf = (db: Db, backupIds: readonly BackupId[]): Promise<VerificationRow[]> =>
  db
    .select(columns)
    .from(verifications)
    .where(inArray(verifications.backupId, [...backupIds]))
    .orderBy(desc(verifications.createdAt), desc(verifications.id));

/** Verifications that wait for the backup or read it now. */
export const listActiveVerificationsOf = (db: Db, backupId: BackupId): Promise<VerificationRow[]> =>
  db
    .select(columns)
    .from(verifications)
    .where(and(eq(verifications.backupId, backupId), inArray(verifications.status, [...activeStatuses])));

export async function findReports(
  db: Db,
  ids: readonly VerificationId[],
): Promise<{ readonly id: VerificationId; readonly report: VerificationReport }[]> {
  const rows = await db
    .select({ id: verifications.id, report: verifications.report })
    .from(verifications)
    .where(inArray(verifications.id, [...ids]));
  return rows.flatMap(({ id, report }) => (report ? [{ id, report }] : []));
}

export async function recordReport(db: Db, id: VerificationId, report: VerificationReport): Promise<void> {
  const { passed, restoreSeconds } = report;
  await db.update(verifications).set({ report, passed, restoreSeconds }).where(eq(verifications.id, id));
}

/** Completed backups whose verification was asked for with them and never began to be. */
export const listUnverified = (db: Db): Promise<BackupRow[]> =>
  db
    .select(getTableColumns(backups))
    .from(backups)
    .leftJoin(verifications, eq(verifications.backupId, backups.id))
    .where(and(isNotNull(backups.verify), eq(backups.status, "COMPLETED"), isNull(backups.deletedAt), isNull(verifications.id)))
    .orderBy(asc(backups.createdAt))
    .limit(100);

/** A source's backup that a drill has proved, and how long that drill took. */
export interface Proof {
  readonly sourceId: SourceId;
  /** The newest backup that was proved. */
  readonly backupId: BackupId;
  /** Of the newest drill that passed, of whichever backup. */
  readonly restoreSeconds: number | null;
}

/** Of each of these sources that has a proved backup. */
export async function findProofs(db: Db, sourceIds: readonly SourceId[]): Promise<Proof[]> {
  const passed = and(
    inArray(backups.sourceId, [...sourceIds]),
    isNull(backups.deletedAt),
    eq(verifications.level, "RESTORE"),
    eq(verifications.status, "COMPLETED"),
    eq(verifications.passed, true),
  );
  const ranked = db
    .select({
      sourceId: backups.sourceId,
      backupId: sql<BackupId>`${backups.id}`.as("backup"),
      restoreSeconds: verifications.restoreSeconds,
      byBackup: sql<number>`row_number() over (partition by ${backups.sourceId} order by ${backups.createdAt} desc, ${backups.id} desc)`.as(
        "by_backup",
      ),
      byDrill: sql<number>`row_number() over (partition by ${backups.sourceId} order by ${verifications.createdAt} desc)`.as("by_drill"),
    })
    .from(verifications)
    .innerJoin(backups, eq(verifications.backupId, backups.id))
    .where(passed)
    .as("ranked");
  const rows = await db.select().from(ranked).where(sql`${ranked.byBackup} = 1 or ${ranked.byDrill} = 1`);
  return [...new Set(rows.map(({ sourceId }) => sourceId))].flatMap((sourceId) => {
    const own = rows.filter((row) => row.sourceId === sourceId);
    const [newest, latest] = [own.find(({ byBackup }) => Number(byBackup) === 1), own.find(({ byDrill }) => Number(byDrill) === 1)];
    return newest && latest ? [{ sourceId, backupId: newest.backupId, restoreSeconds: latest.restoreSeconds }] : [];
  });
}
