import { and, asc, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import type { ErrorCode } from "../../shared/codes.ts";
import type { LogLevel, OperationKind, OperationStatus } from "../../shared/enums.ts";
import type { OperationId } from "../domain/ids.ts";
import { activeStatuses, statusesBefore } from "../domain/operation.ts";
import type { Progress } from "../domain/progress.ts";
import type { Db } from "./client.ts";
import { backups, cleanups, copies, operationLog, restores, verifications } from "./schema/index.ts";
import type { operationColumns } from "./schema/operation-columns.ts";

/** The kinds of operation that have a table. */
export type StoredKind = OperationKind;
const tables = {
  BACKUP: backups,
  RESTORE: restores,
  VERIFICATION: verifications,
  CLEANUP: cleanups,
  COPY: copies,
} as const satisfies Record<StoredKind, unknown>;
const kinds = Object.keys(tables) as readonly StoredKind[];

/** Each kind's table, seen as the columns that all of them share (schema/operation-columns.ts). */
const tableOf = (kind: StoredKind) => tables[kind] as unknown as typeof backups;

export interface OperationError {
  readonly code: ErrorCode;
  readonly reason: string | null;
  readonly message: string;
  readonly hint: string | null;
}

/** What all kinds of operation have in common. */
export interface OperationRow {
  readonly id: OperationId;
  readonly kind: StoredKind;
  readonly status: OperationStatus;
  readonly worker: string | null;
  readonly leaseUntil: Date | null;
  readonly progress: Progress;
}

const columns = (kind: StoredKind) => {
  const t = tableOf(kind);
  return {
    id: t.id,
    status: t.status,
    phase: t.phase,
    percent: t.percent,
    bytesProcessed: t.bytesProcessed,
    bytesExpected: t.bytesExpected,
    bytesPerSecond: t.bytesPerSecond,
    etaSeconds: t.etaSeconds,
    currentItem: t.currentItem,
    progressAt: t.progressAt,
    createdAt: t.createdAt,
    worker: t.worker,
    leaseUntil: t.leaseUntil,
  };
};
type Row = Pick<typeof backups.$inferSelect, keyof ReturnType<typeof columns>>;

/** The progress that a row of any kind holds. */
export const progressOf = (kind: StoredKind, row: Omit<Row, "worker" | "leaseUntil" | "id"> & { readonly id: OperationId }): Progress => ({
  operationId: row.id,
  kind,
  status: row.status,
  phase: row.phase,
  percent: row.percent,
  bytesProcessed: row.bytesProcessed,
  bytesExpected: row.bytesExpected,
  bytesPerSecond: row.bytesPerSecond,
  etaSeconds: row.etaSeconds,
  currentItem: row.currentItem,
  load: null,
  at: row.progressAt ?? row.createdAt,
});

const operationOf = (kind: StoredKind, row: Row): OperationRow => ({
  id: row.id,
  kind,
  status: row.status,
  worker: row.worker,
  leaseUntil: row.leaseUntil,
  progress: progressOf(kind, row),
});

/** The operation of this id, whatever its kind; null when there is none. */
export async function findOperation(db: Db, id: OperationId): Promise<OperationRow | null> {
  for (const kind of kinds) {
    const [row] = await db
      .select(columns(kind))
      .from(tableOf(kind))
      .where(sql`${tableOf(kind).id} = ${id}`);
    if (row) return operationOf(kind, row);
  }
  return null;
}

/** All that wait or run, oldest first. */
export const listActive = (db: Db): Promise<OperationRow[]> => listWhere(db, ({ status }) => inArray(status, [...activeStatuses]));

/** All that were written down after `instant`, whatever became of them; oldest first. */
export const listCreatedAfter = (db: Db, instant: Date): Promise<OperationRow[]> =>
  listWhere(db, ({ createdAt }) => gt(createdAt, instant));

async function listWhere(db: Db, condition: (table: typeof backups) => SQL): Promise<OperationRow[]> {
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const rows = await db
        .select(columns(kind))
        .from(tableOf(kind))
        .where(condition(tableOf(kind)))
        .orderBy(asc(tableOf(kind).createdAt));
      return rows.map((row) => operationOf(kind, row));
    }),
  );
  return found.flat();
}

/** Takes the lease and starts: false when it is not waiting any more, so two workers cannot both win. */
export async function begin(db: Db, kind: StoredKind, id: OperationId, worker: string, leaseUntil: Date, now: Date): Promise<boolean> {
  const [result] = await db
    .update(tableOf(kind))
    .set({ status: "RUNNING", startedAt: now, progressAt: now, worker, leaseUntil })
    .where(and(sql`${tableOf(kind).id} = ${id}`, eq(tableOf(kind).status, "QUEUED")));
  return result.affectedRows === 1;
}

/** Renews the lease and writes the progress down; says whether somebody asked to cancel, or null when the lease is lost. */
export async function renew(
  db: Db,
  kind: StoredKind,
  progress: Progress,
  worker: string,
  leaseUntil: Date,
): Promise<{ cancelRequested: boolean } | null> {
  const table = tableOf(kind);
  const mine = and(sql`${table.id} = ${progress.operationId}`, eq(table.status, "RUNNING"), eq(table.worker, worker));
  await db
    .update(table)
    .set({ ...progressColumns(progress), leaseUntil })
    .where(mine);
  const [row] = await db.select({ cancelRequested: table.cancelRequested }).from(table).where(mine);
  return row ?? null;
}

const progressColumns = (progress: Progress) => ({
  phase: progress.phase,
  percent: progress.percent,
  bytesProcessed: progress.bytesProcessed,
  bytesExpected: progress.bytesExpected,
  bytesPerSecond: progress.bytesPerSecond,
  etaSeconds: progress.etaSeconds,
  currentItem: progress.currentItem,
  progressAt: progress.at,
});

/** Ends an operation as `progress.status` says; false when it had already ended or another worker has it. */
export async function finish(
  db: Db,
  kind: StoredKind,
  progress: Progress,
  error: OperationError | null,
  worker: string | null,
): Promise<boolean> {
  const table = tableOf(kind);
  const [result] = await db
    .update(table)
    .set({
      ...progressColumns(progress),
      status: progress.status,
      finishedAt: progress.at,
      leaseUntil: null,
      errorCode: error?.code ?? null,
      errorReason: error?.reason ?? null,
      errorMessage: error?.message ?? null,
      errorHint: error?.hint ?? null,
    })
    .where(
      and(
        sql`${table.id} = ${progress.operationId}`,
        inArray(table.status, [...statusesBefore(progress.status)]),
        worker === null ? undefined : eq(table.worker, worker),
      ),
    );
  return result.affectedRows === 1;
}

/** What became of an operation. */
export interface OperationOutcome {
  readonly id: OperationId;
  readonly status: OperationStatus;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  /** Of a verification that completed: whether the backup was whole. Null for all else. */
  readonly passed: boolean | null;
}

/** What became of those of these operations that are there: backups, restores and verifications. */
export async function readOutcomes(db: Db, ids: readonly OperationId[]): Promise<OperationOutcome[]> {
  if (ids.length === 0) return [];
  const found = await Promise.all(
    (["BACKUP", "RESTORE", "VERIFICATION"] as const).map((kind) => {
      const table = tableOf(kind);
      return db
        .select({
          id: sql<OperationId>`${table.id}`,
          status: table.status,
          errorCode: table.errorCode,
          errorMessage: table.errorMessage,
          passed: kind === "VERIFICATION" ? verifications.passed : sql<null>`null`,
        })
        .from(table)
        .where(sql`${table.id} in ${[...ids]}`);
    }),
  );
  return found.flat();
}

/** Leaves word for the worker that holds it. */
export async function requestCancel(db: Db, kind: StoredKind, id: OperationId): Promise<void> {
  await db
    .update(tableOf(kind))
    .set({ cancelRequested: true })
    .where(sql`${tableOf(kind).id} = ${id}`);
}

export interface LogLine {
  readonly sequence: number;
  readonly at: Date;
  readonly level: LogLevel;
  readonly message: string;
}

/** Appends lines that the caller numbered; those that are there already, because an answer was lost, stay as they are. */
export async function appendLog(db: Db, operationId: OperationId, lines: readonly LogLine[]): Promise<void> {
  if (lines.length > 0)
    await db
      .insert(operationLog)
      .values(lines.map((line) => ({ operationId, ...line })))
      .onDuplicateKeyUpdate({ set: { sequence: sql`${operationLog.sequence}` } });
}

/** The lines after `after`, in order; at most 5,000 at a time. */
export const readLog = (db: Db, operationId: OperationId, after: number): Promise<LogLine[]> =>
  db
    .select({ sequence: operationLog.sequence, at: operationLog.at, level: operationLog.level, message: operationLog.message })
    .from(operationLog)
    .where(and(eq(operationLog.operationId, operationId), gt(operationLog.sequence, after)))
    .orderBy(asc(operationLog.sequence))
    .limit(5000);

/** The number of the last line, 0 with none. */
export async function lastLogSequence(db: Db, operationId: OperationId): Promise<number> {
  const [row] = await db
    .select({ last: sql<number | null>`max(${operationLog.sequence})` })
    .from(operationLog)
    .where(eq(operationLog.operationId, operationId));
  return Number(row?.last ?? 0);
}

/** A row of any kind of operation, with the columns that all share. */
export type OperationRecord = Omit<
  typeof backups.$inferSelect,
  Exclude<keyof typeof backups.$inferSelect, keyof ReturnType<typeof operationColumns>>
> & {
  readonly id: OperationId;
};
