import { and, asc, eq, gt, ne, type SQL, sql } from "drizzle-orm";
import type { Contender } from "../domain/admission.ts";
import type { SourceId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { backups, copies, marks, restores, verifications } from "./schema/index.ts";

const mark = "admission";

/** Locks the one place where it is decided what may begin, for this transaction; gives when each source last had its turn. */
export async function lockTurns(tx: Db): Promise<ReadonlyMap<SourceId, number>> {
  await tx
    .insert(marks)
    .values({ name: mark, value: {} })
    .onDuplicateKeyUpdate({ set: { name: sql`name` } });
  return readTurns(tx);
}

export async function readTurns(db: Db): Promise<ReadonlyMap<SourceId, number>> {
  const [row] = await db.select().from(marks).where(eq(marks.name, mark));
  return new Map(Object.entries((row?.value ?? {}) as Record<SourceId, number>) as [SourceId, number][]);
}

export async function writeTurns(tx: Db, turns: ReadonlyMap<SourceId, number>): Promise<void> {
  await tx
    .update(marks)
    .set({ value: Object.fromEntries(turns) })
    .where(eq(marks.name, mark));
}

/** Backups, restores, verifications and copies that run under a live lease; a pre-restore backup counts as its restore does. */
export const listRunning = (db: Db, now: Date): Promise<Contender[]> =>
  contenders(db, (table) => and(eq(table.status, "RUNNING"), gt(table.leaseUntil, now)));

/** Those that wait, the oldest first. */
export const listWaiting = (db: Db): Promise<Contender[]> => contenders(db, (table) => eq(table.status, "QUEUED"));

/** The columns that the condition may ask for are the same in all these tables. */
async function contenders(db: Db, condition: (table: typeof backups) => SQL | undefined): Promise<Contender[]> {
  const own = <T>(table: T) => condition(table as unknown as typeof backups);
  const found = await Promise.all([
    db
      .select({ id: backups.id, source: backups.sourceId, createdAt: backups.createdAt })
      .from(backups)
      .where(and(own(backups), ne(backups.trigger, "PRE_RESTORE")))
      .orderBy(asc(backups.createdAt)),
    db
      .select({ id: restores.id, source: restores.targetSourceId, createdAt: restores.createdAt })
      .from(restores)
      .where(own(restores))
      .orderBy(asc(restores.createdAt)),
    db
      .select({ id: verifications.id, source: backups.sourceId, createdAt: verifications.createdAt })
      .from(verifications)
      .innerJoin(backups, eq(backups.id, verifications.backupId))
      .where(own(verifications))
      .orderBy(asc(verifications.createdAt)),
    db
      .select({ id: copies.id, source: backups.sourceId, createdAt: copies.createdAt })
      .from(copies)
      .innerJoin(backups, eq(backups.id, copies.backupId))
      .where(own(copies))
      .orderBy(asc(copies.createdAt)),
  ]);
  const kinds = ["BACKUP", "RESTORE", "VERIFICATION", "COPY"] as const;
  return kinds
    .flatMap((kind, index) => (found[index] ?? []).map((row) => ({ ...row, kind })))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}
