import { sql } from "drizzle-orm";
import type { ScheduleId, SourceId } from "../domain/ids.ts";
import type { Db } from "./client.ts";

type Row = Readonly<Record<string, unknown>>;

async function rowsOf(db: Db, query: ReturnType<typeof sql>): Promise<readonly Row[]> {
  const [rows] = await db.execute(query);
  return rows as unknown as readonly Row[];
}

/** Rejects when the catalog does not answer. */
export async function pingCatalog(db: Db): Promise<void> {
  await db.execute(sql`select 1`);
}

/** How many backups of each source ended how, ever: those that are deleted count on. */
export async function countResults(
  db: Db,
): Promise<readonly { readonly sourceId: SourceId; readonly status: string; readonly count: number }[]> {
  const rows = await rowsOf(
    db,
    sql`select source_id, status, sum(count) count from (
      select source_id, status, count(*) count from backups where finished_at is not null group by source_id, status
      union all select source_id, status, count(*) from past_operations where kind = 'BACKUP' group by source_id, status
    ) ended group by source_id, status`,
  );
  return rows.map((row) => ({ sourceId: row.source_id as SourceId, status: String(row.status), count: Number(row.count) }));
}

export interface DrillFigures {
  readonly sourceId: SourceId;
  readonly passed: number;
  readonly failed: number;
  /** Whether the source's last drill passed; null with none. */
  readonly lastDrillPassed: boolean | null;
}

/** How the verifications of each source ended, ever, and its last drill. */
export async function countVerdicts(db: Db): Promise<readonly DrillFigures[]> {
  const rows = await rowsOf(
    db,
    sql`select source_id, sum(passed = 1) passed, sum(status = 'FAILED' or passed = 0) failed, max(drill) drill from (
      select b.source_id, v.status, v.passed,
        if(v.level = 'RESTORE', concat(v.finished_at, if(v.passed = 1, ' 1', ' 0')), null) drill
      from verifications v join backups b on b.id = v.backup_id where v.status in ('COMPLETED', 'FAILED')
      union all
      select source_id, status, passed, null from past_operations where kind = 'VERIFICATION' and status in ('COMPLETED', 'FAILED')
    ) ended group by source_id`,
  );
  return rows.map((row) => ({
    sourceId: row.source_id as SourceId,
    passed: Number(row.passed ?? 0),
    failed: Number(row.failed ?? 0),
    lastDrillPassed: typeof row.drill === "string" ? row.drill.endsWith("1") : null,
  }));
}

/** Operations that wait or run, by kind. */
export async function countActive(db: Db): Promise<readonly { readonly kind: string; readonly status: string; readonly count: number }[]> {
  const rows = await rowsOf(
    db,
    sql`select 'BACKUP' kind, status, count(*) count from backups where status in ('QUEUED', 'RUNNING') group by status
    union all select 'RESTORE', status, count(*) from restores where status in ('QUEUED', 'RUNNING') group by status
    union all select 'VERIFICATION', status, count(*) from verifications where status in ('QUEUED', 'RUNNING') group by status
    union all select 'CLEANUP', status, count(*) from cleanups where status in ('QUEUED', 'RUNNING') group by status
    union all select 'COPY', status, count(*) from copies where status in ('QUEUED', 'RUNNING') group by status`,
  );
  return rows.map((row) => ({ kind: String(row.kind), status: String(row.status), count: Number(row.count) }));
}

export interface ScheduleFigures {
  readonly id: ScheduleId;
  readonly name: string;
  readonly active: boolean;
  readonly nextRunAt: Date | null;
  /** Due times since the instant that nothing came of. */
  readonly missed: number;
}

export async function scheduleFigures(db: Db, since: Date): Promise<readonly ScheduleFigures[]> {
  const rows = await rowsOf(
    db,
    sql`select s.id, s.name, s.active, s.next_run_at, coalesce(m.missed, 0) missed from schedules s left join (
      select schedule_id, sum(due_count) missed from schedule_runs
      where state = 'SKIPPED' and not_before >= ${since} and reason = 'MISSED' group by schedule_id
    ) m on m.schedule_id = s.id`,
  );
  return rows.map((row) => ({
    id: row.id as ScheduleId,
    name: String(row.name),
    active: Boolean(row.active),
    nextRunAt: typeof row.next_run_at === "string" ? new Date(`${row.next_run_at.replace(" ", "T")}Z`) : null,
    missed: Number(row.missed),
  }));
}

/** Messages that wait now, those that were given up since the instant, what is wrong now, and deletions that a storage refuses. */
export async function countTrouble(db: Db, since: Date) {
  const [waiting, failed, raised, refused] = await Promise.all([
    rowsOf(db, sql`select count(*) count from deliveries where status = 'QUEUED'`),
    rowsOf(
      db,
      sql`select channel_name, count(*) count from deliveries where created_at >= ${since} and status = 'FAILED' group by channel_name`,
    ),
    rowsOf(db, sql`select event, count(*) count from alert_states where raised = 1 group by event`),
    rowsOf(db, sql`select count(*) count from backups where deleted_at is not null and deletion_problem is not null`),
  ]);
  return {
    waiting: Number(waiting[0]?.count ?? 0),
    failed: failed.map((row) => ({ channel: String(row.channel_name), count: Number(row.count) })),
    raised: raised.map((row) => ({ event: String(row.event), count: Number(row.count) })),
    refused: Number(refused[0]?.count ?? 0),
  };
}
