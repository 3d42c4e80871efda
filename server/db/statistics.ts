import { type SQL, sql } from "drizzle-orm";
import type { LocalDays } from "../domain/days.ts";
import type { SourceId, StorageId } from "../domain/ids.ts";
import type { Db } from "./client.ts";

/** One row each of numbers that the catalog may give as text. */
type Row = Readonly<Record<string, unknown>>;

const rowsOf = async (db: Db, query: SQL): Promise<readonly Row[]> => {
  const [rows] = await db.execute(query);
  return rows as unknown as readonly Row[];
};
const number = (value: unknown): number => Number(value ?? 0);
/** Drizzle gives the instants of a query in words as text. */
const instant = (value: unknown): Date | null => (typeof value === "string" ? new Date(`${value.replace(" ", "T")}Z`) : null);
const ofSource = (sourceId: SourceId | null, column = sql`source_id`) => (sourceId === null ? sql`` : sql`and ${column} = ${sourceId}`);

/** A column's day in the zone, as `to_days` counts: no zone tables are needed on the server. */
const dayOf = (column: SQL, { offsets }: LocalDays): SQL => {
  const cases = offsets.flatMap(({ until, seconds }) => (until ? [sql`when ${column} < ${until} then ${seconds}`] : []));
  const last = offsets.at(-1)?.seconds ?? 0;
  const seconds = cases.length > 0 ? sql`case ${sql.join(cases, sql` `)} else ${last} end` : sql`${last}`;
  return sql`to_days(date_add(${column}, interval (${seconds}) second))`;
};

/** The stored bytes that count for a backup: of those that it shares with others, each pack counts for one of them alone. */
const counted = (of = sql``): SQL => sql`coalesce(${of}counted_size, ${of}stored_size)`;

/** Backups that ended since, those that were deleted meanwhile too: from an index alone. */
const ended = (since: Date, sourceId: SourceId | null) => sql`(
  select finished_at, started_at, status, source_id, size, ${counted()} stored_size from backups where finished_at >= ${since} ${ofSource(sourceId)}
  union all
  select finished_at, started_at, status, source_id, size, stored_size from past_operations
    where kind = 'BACKUP' and finished_at >= ${since} ${ofSource(sourceId)}
) ended`;

const sums = sql`
  sum(status = 'COMPLETED') completed, sum(status = 'FAILED') failed, sum(status = 'CANCELLED') cancelled,
  sum(if(status = 'COMPLETED', size, 0)) size, sum(if(status = 'COMPLETED', stored_size, 0)) stored,
  sum(if(status = 'COMPLETED', timestampdiff(microsecond, started_at, finished_at), 0)) / 1e6 seconds`;

/** What ended, and what the completed ones amount to. */
export interface Outcomes {
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly size: number;
  readonly storedSize: number;
  /** Of all completed ones together. */
  readonly seconds: number;
}

const outcomesOf = (row: Row): Outcomes => ({
  completed: number(row.completed),
  failed: number(row.failed),
  cancelled: number(row.cancelled),
  size: number(row.size),
  storedSize: number(row.stored),
  seconds: number(row.seconds),
});

export async function outcomesByDay(db: Db, days: LocalDays, sourceId: SourceId | null): Promise<(Outcomes & { readonly day: number })[]> {
  const rows = await rowsOf(db, sql`select ${dayOf(sql`finished_at`, days)} day, ${sums} from ${ended(days.since, sourceId)} group by day`);
  return rows.map((row) => ({ day: number(row.day), ...outcomesOf(row) }));
}

export async function outcomesBySource(db: Db, since: Date, sourceId: SourceId | null): Promise<Map<SourceId, Outcomes>> {
  const rows = await rowsOf(db, sql`select source_id, ${sums} from ${ended(since, sourceId)} group by source_id`);
  return new Map(rows.map((row) => [row.source_id as SourceId, outcomesOf(row)]));
}

export interface Movement {
  readonly day: number;
  readonly storageId: StorageId;
  /** Stored that day less what was deleted that day. */
  readonly bytes: number;
}

/** Backups on one more storage than their first: those that came there, until they are gone. */
const further = sql`from backup_copies c join backups b on b.id = c.backup_id and b.storage_id <> c.storage_id
  where c.state in ('STORED', 'DELETING') and b.status = 'COMPLETED'`;

/** How much each storage gained and lost by day. */
export async function movementsByDay(db: Db, days: LocalDays, sourceId: SourceId | null): Promise<Movement[]> {
  const came = sql`status = 'COMPLETED' and finished_at >= ${days.since} ${ofSource(sourceId)}`;
  const went = (column: SQL) => sql`status = 'COMPLETED' and ${column} >= ${days.since} ${ofSource(sourceId)}`;
  const rows = await rowsOf(
    db,
    sql`select ${dayOf(sql`at`, days)} day, storage_id, sum(bytes) bytes from (
      select finished_at at, storage_id, ${counted()} bytes from backups where ${came}
      union all select finished_at, storage_id, stored_size from past_operations where kind = 'BACKUP' and ${came}
      union all select deleted_at, storage_id, -${counted()} from backups where ${went(sql`deleted_at`)}
      union all select removed_at, storage_id, -stored_size from past_operations where kind = 'BACKUP' and ${went(sql`removed_at`)}
      union all select c.stored_at, c.storage_id, ${counted(sql`b.`)} ${further} and c.stored_at >= ${days.since} ${ofSource(sourceId, sql`b.source_id`)}
      union all select b.deleted_at, c.storage_id, -${counted(sql`b.`)} ${further} and b.deleted_at >= ${days.since} ${ofSource(sourceId, sql`b.source_id`)}
      union all select finished_at, storage_id, stored_size from past_operations where kind = 'COPY' and ${came}
      union all select removed_at, storage_id, -stored_size from past_operations where kind = 'COPY' and ${went(sql`removed_at`)}
    ) moved group by day, storage_id`,
  );
  return rows.map((row) => ({ day: number(row.day), storageId: row.storage_id as StorageId, bytes: number(row.bytes) }));
}

/** Completed backups that are not deleted, of one source, by the first of their storages: each counts once. */
export interface Kept {
  readonly sourceId: SourceId;
  readonly storageId: StorageId;
  readonly count: number;
  readonly size: number;
  readonly storedSize: number;
}

export async function keptTotals(db: Db): Promise<Kept[]> {
  const rows = await rowsOf(
    db,
    sql`select source_id, storage_id, count(*) count, sum(size) size, sum(${counted()}) stored from backups
      where deleted_at is null and status = 'COMPLETED' group by source_id, storage_id`,
  );
  return rows.map(keptOf);
}

const keptOf = (row: Row): Kept => ({
  sourceId: row.source_id as SourceId,
  storageId: row.storage_id as StorageId,
  count: number(row.count),
  size: number(row.size),
  storedSize: number(row.stored),
});

/** The same of backups on one more storage than the first of theirs: mostly few, or none. */
export async function furtherCopies(db: Db): Promise<Kept[]> {
  const rows = await rowsOf(
    db,
    sql`select b.source_id, c.storage_id, count(*) count, sum(b.size) size, sum(${counted(sql`b.`)}) stored
      from backup_copies c join backups b on b.id = c.backup_id and b.storage_id <> c.storage_id
      where c.state = 'STORED' and b.deleted_at is null and b.status = 'COMPLETED' group by b.source_id, c.storage_id`,
  );
  return rows.map(keptOf);
}

const lastFinding = sql`(select v.passed from verifications v where v.backup_id = b.id and v.status = 'COMPLETED' and v.passed is not null
  order by v.created_at desc, v.id desc limit 1)`;
const kept = sql`b.status = 'COMPLETED' and b.deleted_at is null`;

/** How a source stands: its newest backups, and how long things took last. */
export interface Standing {
  /** The newest completed one, whatever a verification found of it. */
  readonly lastBackupAt: Date | null;
  readonly lastSeconds: number | null;
  /** The newest that no verification found damaged. */
  readonly lastGoodAt: Date | null;
  /** The newest good one that a drill restored. */
  readonly lastProvenAt: Date | null;
  /** What the last drill of the newest proven one took. */
  readonly drillSeconds: number | null;
}

/** Each source's backups are walked from the newest on, by index, until one serves. */
export async function standingBySource(db: Db): Promise<Map<SourceId, Standing>> {
  const newest = (which: SQL, join = sql``) => sql`(select straight_join b.id from backups b force index (backups_source_listed) ${join}
    where b.source_id = s.id and ${kept} and ${which} order by b.created_at desc, b.id desc limit 1)`;
  const good = sql`coalesce(${lastFinding}, 1) = 1`;
  const drilled = sql`v.level = 'RESTORE' and v.passed = 1 and v.status = 'COMPLETED'`;
  const drills = sql`join verifications v force index (verifications_backup_created) on v.backup_id = b.id and ${drilled}`;
  const rows = await rowsOf(
    db,
    sql`select f.id, l.created_at backup_at, timestampdiff(microsecond, l.started_at, l.finished_at) / 1e6 seconds,
      g.created_at good_at, p.created_at proven_at,
      (select v.restore_seconds from verifications v where v.backup_id = p.id and ${drilled} order by v.created_at desc limit 1) drill
    from (
      select s.id, ${newest(sql`1 = 1`)} last_id, ${newest(good)} good_id, ${newest(good, drills)} proven_id from sources s
    ) f left join backups l on l.id = f.last_id left join backups g on g.id = f.good_id left join backups p on p.id = f.proven_id`,
  );
  return new Map(
    rows.map((row) => [
      row.id as SourceId,
      {
        lastBackupAt: instant(row.backup_at),
        lastSeconds: row.seconds === null ? null : number(row.seconds),
        lastGoodAt: instant(row.good_at),
        lastProvenAt: instant(row.proven_at),
        drillSeconds: row.drill === null ? null : number(row.drill),
      },
    ]),
  );
}

/** How verifications ended: one that could not be carried out did not pass. */
export async function countVerifications(db: Db, since: Date, sourceId: SourceId | null): Promise<{ passed: number; failed: number }> {
  const join = sourceId === null ? sql`` : sql`join backups b on b.id = v.backup_id ${ofSource(sourceId, sql`b.source_id`)}`;
  const [row] = await rowsOf(
    db,
    sql`select sum(passed = 1) passed, sum(status = 'FAILED' or passed = 0) failed from (
      select v.status, v.passed from verifications v ${join} where v.finished_at >= ${since}
      union all select status, passed from past_operations where kind = 'VERIFICATION' and finished_at >= ${since} ${ofSource(sourceId)}
    ) ended`,
  );
  return { passed: number(row?.passed), failed: number(row?.failed) };
}

/** Backups that wait or run, and when the next one is due by schedule. */
export async function comingUp(db: Db, sourceId: SourceId | null): Promise<{ active: number; nextRunAt: Date | null }> {
  const [row] = await rowsOf(
    db,
    sql`select
      (select count(*) from backups where status in ('QUEUED', 'RUNNING') and deleted_at is null ${ofSource(sourceId)}) active,
      (select min(next_run_at) from schedules where active = 1 and kind = 'BACKUP' ${ofSource(sourceId)}) next_run_at`,
  );
  return { active: number(row?.active), nextRunAt: instant(row?.next_run_at) };
}
