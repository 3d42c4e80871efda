import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { startHoldfast } from "./process.ts";

export interface ScheduleTimes {
  readonly schedules: number;
  readonly due: number;
  /** Seconds from the moment at which they were due until all of them had their runs, and what that may be. */
  readonly claimed: number;
  readonly claimGoal: number;
  /** Seconds until all of these runs had their backups waiting or under way. */
  readonly started: number;
  /** Seconds to the ready line: without any alarms set, and with all of them set. */
  readonly firstBoot: number;
  readonly boot: number;
  readonly bootGoal: number;
}

const [schedules, due] = [10_000, 1_000];
const command = [process.execPath, "dist/server/main.js"] as const;

/** Times the real server with 10,000 schedules: its start, and a minute in which 1,000 of them are due. */
export async function scheduleTimes(signal: AbortSignal, say: (line: string) => void): Promise<ScheduleTimes> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-bench-schedules-"));
  try {
    const folder = join(home, "media");
    await mkdir(folder);
    await writeFile(join(folder, "one.txt"), "one");
    {
      await using _ = await startHoldfast(home, command, signal);
      say(`Filling a catalog with ${schedules.toLocaleString("en-US")} schedules.`);
      await using catalog = await connect(home);
      await fill(catalog.sql, folder);
    }
    const boot = async () => {
      await using server = await startHoldfast(home, command, signal);
      say(`Ready after ${server.secondsToReady.toFixed(2)} s.`);
      return server.secondsToReady;
    };
    const boots = { firstBoot: await boot(), boot: await boot() };
    await using _ = await startHoldfast(home, command, signal);
    await using catalog = await connect(home);
    const times = await dueAtOnce(catalog.sql, signal);
    say(`Claimed after ${times.claimed.toFixed(2)} s, started after ${times.started.toFixed(1)} s.`);
    return { schedules, due, ...times, claimGoal: 5, ...boots, bootGoal: 10 };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function connect(home: string) {
  const { username: user } = userInfo();
  const sql = await mysql.createConnection({
    ...{ socketPath: join(home, "mariadb", "mariadb.sock"), user, database: "holdfast" },
    ...{ multipleStatements: true, timezone: "Z" },
  });
  return { sql, [Symbol.asyncDispose]: () => sql.end() };
}

/** Daily schedules, none of them due within the next ten hours. */
async function fill(sql: mysql.Connection, folder: string): Promise<void> {
  await sql.query(
    `insert into sources (id, name, slug, media_paths, exclude_patterns, created_at)
       values ('00000000-0000-4000-8000-000000000000', 'Shop', 'shop', ?, '[]', utc_timestamp(3));
     set @far = utc_timestamp() + interval 10 hour;
     insert into schedules (id, name, kind, frequency, time_of_day, time_zone, source_id, backup_type, exclude_logs, missed_runs,
         grace_minutes, overlap, jitter_seconds, retries, active, considered_until, next_run_at, created_at, updated_at)
       select uuid(), concat('Schedule ', seq), 'BACKUP', 'DAILY', date_format(@far + interval mod(seq, 600) minute, '%H:%i'), 'UTC',
         '00000000-0000-4000-8000-000000000000', 'MEDIA', 1, 'RUN_ONCE', 1440, 'WAIT', 0, 2, 1, utc_timestamp(3),
         date_format(@far + interval mod(seq, 600) minute, '%Y-%m-%d %H:%i:00'), utc_timestamp(3), utc_timestamp(3)
       from seq_1_to_${schedules}`,
    [JSON.stringify([folder])],
  );
}

/** Has a thousand of them due at the next whole minute, by their alarms, and watches what becomes of them. */
async function dueAtOnce(sql: mysql.Connection, signal: AbortSignal) {
  const minute = 60_000;
  const at = new Date(Math.ceil((Date.now() + 15_000) / minute) * minute);
  await sql.query(
    `update schedules set time_of_day = ?, next_run_at = ? order by id limit ${due};
     update agenda_jobs join schedules on schedules.id = json_unquote(json_extract(data, '$.id'))
       set agenda_jobs.next_run_at = schedules.next_run_at where agenda_jobs.name = 'schedule' and schedules.next_run_at = ?`,
    [at.toISOString().slice(11, 16), at, at],
  );
  const reached = async (condition: string) => {
    for (;;) {
      const [[row]] = await sql.query<RowDataPacket[]>(`select count(*) as runs from schedule_runs where ${condition}`);
      if (row?.runs >= due) return (Date.now() - at.getTime()) / 1000;
      await sleep(20, undefined, { signal });
    }
  };
  await sleep(at.getTime() - Date.now(), undefined, { signal });
  const claimed = await reached("true");
  return { claimed, started: await reached("operation_id in (select id from backups)") };
}
