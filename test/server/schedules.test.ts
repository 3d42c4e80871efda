import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSource, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { scratchFolder } from "../support/trees.ts";

/** Two servers with homes of their own on one catalog and one storage. */
let one: Holdfast;
let two: Holdfast;
let sql: mysql.Connection;
const sources: string[] = [];
beforeAll(async () => {
  one = await startHoldfast();
  const shared = { HOLDFAST_DATABASE_URL: one.env.HOLDFAST_DATABASE_URL ?? "", HOLDFAST_KEY_FILE: join(one.home, "holdfast.key") };
  two = await startHoldfast({ env: shared });
  sql = await mysql.createConnection({ uri: one.env.HOLDFAST_DATABASE_URL ?? "", timezone: "Z" });
  await setPlaces(16, 4);
  for (let index = 0; index < 6; index += 1) {
    const folder = join(one.home, "media", String(index));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "one.txt"), `file ${index}`);
    sources.push(await addSource(one, `Source ${index}`, null, [folder]));
  }
});
afterAll(async () => {
  await sql?.end();
  await two?.[Symbol.asyncDispose]();
  await one?.[Symbol.asyncDispose]();
});

const setPlaces = (concurrency: number, concurrencyPerSource: number) =>
  one.graphql("mutation ($input: SettingsInput!) { updateSettings(input: $input) { concurrency } }", {
    input: { concurrency, concurrencyPerSource },
  });

async function rows<T>(query: string, values: unknown[] = []): Promise<T[]> {
  const [found] = await sql.query<(T & RowDataPacket)[]>(query, values);
  return found;
}

/** Makes schedules that are due each day at this minute of the day, and gives that minute. */
async function schedules(name: string, count: number): Promise<Date> {
  const due = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  const timeOfDay = due.toISOString().slice(11, 16);
  const each = Array.from({ length: count }, (_, index) => `s${index}: createSchedule(input: $i${index}) { id }`);
  const variables = Object.fromEntries(
    each.map((_, index) => [
      `i${index}`,
      { name: `${name} ${index}`, frequency: "DAILY", timeOfDay, backupType: "MEDIA", sourceId: sources[index % sources.length] },
    ]),
  );
  const inputs = Object.keys(variables).map((variable) => `$${variable}: ScheduleInput!`);
  await one.graphql(`mutation (${inputs.join(", ")}) { ${each.join("\n")} }`, variables);
  return due;
}

/** Has their time come: for both servers at once, by their alarms. */
async function ring(name: string, due: Date): Promise<void> {
  await sql.query("UPDATE schedules SET considered_until = ?, next_run_at = ? WHERE name LIKE ?", [
    new Date(due.getTime() - 1),
    due,
    `${name} %`,
  ]);
  await sql.query(
    "UPDATE agenda_jobs SET next_run_at = ? WHERE name = 'schedule' AND json_unquote(json_extract(data, '$.id')) IN (SELECT id FROM schedules WHERE name LIKE ?)",
    [due, `${name} %`],
  );
}

const countRuns = async (name: string) => {
  const found = await rows<{ state: string; count: number }>(
    "SELECT r.state, count(*) AS count FROM schedule_runs r JOIN schedules s ON s.id = r.schedule_id WHERE s.name LIKE ? GROUP BY r.state",
    [`${name} %`],
  );
  return Object.fromEntries(found.map(({ state, count }) => [state, count]));
};
const backupsOf = (name: string) =>
  rows<{ schedule: string; status: string; worker: string }>(
    "SELECT s.name AS schedule, b.status, b.worker FROM backups b JOIN schedules s ON s.id = b.schedule_id WHERE s.name LIKE ?",
    [`${name} %`],
  );

describe("two servers on one catalog", () => {
  it("give 200 schedules that are due at one moment exactly 200 backups", async () => {
    const due = await schedules("Many", 200);
    await ring("Many", due);
    await expect.poll(() => countRuns("Many"), { timeout: 280_000, interval: 250 }).toEqual({ COMPLETED: 200 });
    const backups = await backupsOf("Many");
    expect(backups.map(({ status }) => status)).toEqual(Array(200).fill("COMPLETED"));
    expect(new Set(backups.map(({ schedule }) => schedule)).size).toBe(200);
    expect(await rows("SELECT DISTINCT due_at AS due FROM schedule_runs")).toEqual([{ due }]);
  }, 300_000);

  it("lose and double nothing when one of them is killed in the middle", async () => {
    const due = await schedules("Killed", 20);
    // Slow, and with the other server held: so it is certain that this one has backups to be killed in.
    await sql.query("UPDATE sources SET bytes_per_second = 2");
    process.kill(one.pid, "SIGSTOP");
    await ring("Killed", due);
    const pids = async () =>
      (await backupsOf("Killed")).filter(({ status }) => status === "RUNNING").map(({ worker }) => worker.split(" ")[1]);
    await expect.poll(pids, { timeout: 100_000, interval: 20 }).toContain(String(two.pid));
    await two.kill();
    await sql.query("UPDATE sources SET bytes_per_second = NULL");
    process.kill(one.pid, "SIGCONT");
    await two.restart();
    // What was cut off is tried again in a minute: it need not be waited for.
    const again = async () => {
      await sql.query("UPDATE schedule_runs SET not_before = now(3) WHERE state = 'WAITING'");
      await sql.query("UPDATE agenda_jobs SET next_run_at = now(3), rescheduled = (locked_at IS NOT NULL) WHERE name = 'schedule' LIMIT 1");
      return countRuns("Killed");
    };
    await expect.poll(again, { timeout: 200_000, interval: 500 }).toEqual({ COMPLETED: 20 });
    const completed = (await backupsOf("Killed")).filter(({ status }) => status === "COMPLETED");
    expect(completed.map(({ schedule }) => schedule).sort()).toEqual(Array.from({ length: 20 }, (_, index) => `Killed ${index}`).sort());
  }, 300_000);
});

describe("a server whose clock is set", () => {
  it("starts on time where the clocks go forward, and repeats nothing when its own is put back and on again", async () => {
    const folder = await scratchFolder();
    const clock = join(folder, "clock");
    const setClock = (instant: string) => writeFile(clock, `${Math.round((Date.parse(instant) - Date.now()) / 1000)}\n`);
    await setClock("2026-03-29T00:30:00Z");
    await using holdfast = await startHoldfast({
      env: {
        LD_PRELOAD: "/usr/$LIB/faketime/libfaketime.so.1",
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    const media = join(folder, "media");
    await mkdir(media);
    await writeFile(join(media, "one.txt"), "one");
    const sourceId = await addSource(holdfast, "Early", null, [media]);
    // In Berlin there is no half past two that night: it is due at three o'clock summer time.
    const { createSchedule: schedule } = await holdfast.graphql<{ createSchedule: { id: string; nextRunAt: string } }>(
      "mutation ($input: ScheduleInput!) { createSchedule(input: $input) { id nextRunAt } }",
      { input: { name: "Early", frequency: "DAILY", timeOfDay: "02:30", timeZone: "Europe/Berlin", backupType: "MEDIA", sourceId } },
    );
    expect(schedule.nextRunAt).toBe("2026-03-29T01:00:00.000Z");
    const document = "query ($id: ID) { scheduleRuns(scheduleId: $id) { dueAt cause state backup { status createdAt } } }";
    const runs = async () => (await holdfast.graphql<{ scheduleRuns: { state: string }[] }>(document, { id: schedule.id })).scheduleRuns;
    const completed = (count: number) =>
      expect.poll(async () => (await runs()).map(({ state }) => state), { timeout: 60_000 }).toEqual(Array(count).fill("COMPLETED"));
    expect(await runs()).toEqual([]);
    await setClock("2026-03-29T00:59:57Z");
    await completed(1);
    expect(await runs()).toMatchObject([
      {
        dueAt: "2026-03-29T01:00:00.000Z",
        cause: "DUE",
        backup: { status: "COMPLETED", createdAt: expect.stringMatching(/^2026-03-29T01:00/) },
      },
    ]);
    for (const instant of ["2026-03-29T00:30:00Z", "2026-03-29T00:59:57Z"]) {
      await setClock(instant);
      await holdfast.kill("SIGTERM");
      await holdfast.restart();
    }
    await setClock("2026-03-30T00:29:57Z");
    await completed(2);
    expect(await runs()).toMatchObject([{ dueAt: "2026-03-30T00:30:00.000Z" }, { dueAt: "2026-03-29T01:00:00.000Z" }]);
  }, 300_000);
});
