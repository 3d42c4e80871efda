import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor } from "../../server/domain/access.ts";
import type { ScheduleId, SourceId } from "../../server/domain/ids.ts";
import type { ScheduleRequest } from "../../server/services/schedule-request.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

const noon = new Date("2026-11-22T12:00:00.000Z");
const hour = 60;
const plus = (minutes: number, from = noon) => new Date(from.getTime() + minutes * 60_000);

let holdfast: Wired;
let sourceId: SourceId;
beforeAll(async () => {
  holdfast = await wired(noon);
  sourceId = await holdfast.addMedia("shop");
});
afterAll(() => holdfast?.[Symbol.asyncDispose]());

let count = 0;
const daily = { frequency: "DAILY", timeOfDay: "13:00", backupType: "MEDIA" } as const;

/** A schedule made at noon, due at 13:00 UTC each day. */
async function scheduled(request: Partial<ScheduleRequest> = {}): Promise<ScheduleId> {
  count += 1;
  holdfast.setClock(noon);
  const schedule = { name: `Schedule ${count}`, sourceId, ...daily, ...request };
  return (await holdfast.app.services.schedules.create(administrator, schedule)).id;
}

/** Moves the clock and does what is due by then, to the end. */
async function at(instant: Date): Promise<void> {
  await wokenAt(instant);
  await holdfast.performAll();
}

/** The same where it does not matter how that ends: cancelling is quicker than a backup. */
async function cancelledAt(instant: Date): Promise<void> {
  await wokenAt(instant);
  await holdfast.cancelAll();
}

async function wokenAt(instant: Date): Promise<void> {
  holdfast.setClock(instant);
  await holdfast.app.services.scheduleRuns.wake();
}

const { runs, backupsOf, remove } = {
  runs: async (id: ScheduleId) => (await holdfast.app.services.scheduleRuns.runs(administrator, id, 200)).reverse(),
  backupsOf: async (id: ScheduleId) =>
    (await holdfast.app.services.backups.page(administrator, {}, 200, null)).nodes.filter(({ scheduleId }) => scheduleId === id),
  remove: (id: ScheduleId) => holdfast.app.services.schedules.remove(administrator, id),
};
const states = async (id: ScheduleId) =>
  (await runs(id)).map(({ cause, state, reason }) => [cause, state, reason].filter(Boolean).join(" "));

describe("a schedule that is due", () => {
  it("gives one backup, however often and by however many it is looked at", async () => {
    const id = await scheduled();
    expect(holdfast.alarms.get(id)).toEqual(plus(hour));
    await at(plus(hour - 1));
    expect(await runs(id)).toEqual([]);
    holdfast.setClock(plus(hour));
    const { scheduleRuns } = holdfast.app.services;
    await Promise.all([
      scheduleRuns.wake(),
      scheduleRuns.startDue(administrator),
      scheduleRuns.startDue(administrator, id),
      scheduleRuns.wake(),
    ]);
    await holdfast.performAll();
    expect(await runs(id)).toMatchObject([{ dueAt: plus(hour), cause: "DUE", state: "COMPLETED", attempt: 1, reason: null }]);
    expect(await backupsOf(id)).toMatchObject([{ status: "COMPLETED", trigger: "SCHEDULE", actor: `schedule Schedule ${count}` }]);
    expect(holdfast.alarms.get(id)).toEqual(plus(25 * hour));
    expect(await holdfast.app.services.schedules.find(administrator, id)).toMatchObject({
      lastRunAt: plus(hour),
      nextRunAt: plus(25 * hour),
    });
    await remove(id);
  });

  it("catches up once after three days down, and records what was missed", async () => {
    const [id, skipping] = [await scheduled(), await scheduled({ missedRuns: "SKIP" })];
    await at(plus(3 * 24 * hour + 2 * hour));
    expect(await states(id)).toEqual(["DUE SKIPPED MISSED", "DUE SKIPPED MISSED", "DUE SKIPPED MISSED", "CATCH_UP COMPLETED"]);
    expect(await backupsOf(id)).toHaveLength(1);
    expect(await states(skipping)).toEqual(Array(4).fill("DUE SKIPPED MISSED"));
    expect(await backupsOf(skipping)).toEqual([]);
    await Promise.all([remove(id), remove(skipping)]);
  });

  it("is tried again after a minute, then five, when what failed may pass", async () => {
    const [id, other] = [await scheduled({ sourceId: await holdfast.addMedia("away") }), await scheduled({ retries: 0 })];
    const folder = join(holdfast.home, "backups");
    await rename(folder, `${folder}-away`);
    await writeFile(folder, "a file where the storage was");
    await at(plus(hour));
    expect(await states(id)).toEqual(["DUE WAITING RETRY"]);
    expect(await states(other)).toEqual(["DUE FAILED"]);
    expect(holdfast.alarms.get(id)).toEqual(plus(hour + 1));
    await at(plus(hour + 1));
    expect((await runs(id))[0]).toMatchObject({ state: "WAITING", attempt: 2, notBefore: plus(hour + 6) });
    await rm(folder);
    await rename(`${folder}-away`, folder);
    await at(plus(hour + 5));
    expect((await runs(id))[0]).toMatchObject({ state: "WAITING", attempt: 2 });
    await at(plus(hour + 6));
    expect((await runs(id))[0]).toMatchObject({ state: "COMPLETED", attempt: 3, message: null });
    expect((await backupsOf(id)).map(({ status }) => status).sort()).toEqual(["COMPLETED", "FAILED", "FAILED"]);
    await Promise.all([remove(id), remove(other)]);
  });

  it("waits for the run before it, or is left out, while that has not ended", async () => {
    const [waits, skips] = [await scheduled(), await scheduled({ overlap: "SKIP" })];
    for (const days of [0, 1, 2]) await wokenAt(plus(hour + days * 24 * hour));
    expect(await states(waits)).toEqual(["DUE STARTED", "DUE WAITING OVERLAP", "DUE SKIPPED OVERLAP"]);
    expect(await states(skips)).toEqual(["DUE STARTED", "DUE SKIPPED OVERLAP", "DUE SKIPPED OVERLAP"]);
    await holdfast.performAll();
    expect(await states(waits)).toEqual(["DUE COMPLETED", "DUE COMPLETED", "DUE SKIPPED OVERLAP"]);
    expect(await backupsOf(waits)).toHaveLength(2);
    expect(await backupsOf(skips)).toHaveLength(1);
    await Promise.all([remove(waits), remove(skips)]);
  });

  it("starts nothing in quiet hours, not even another try or what waited for the run before it", async () => {
    const id = await scheduled({ timeZone: "Europe/Berlin", timeOfDay: "13:30", quietHours: { from: "13:00", to: "15:00" } });
    await at(plus(30));
    const end = plus(2 * hour);
    expect(await runs(id)).toMatchObject([{ state: "WAITING", reason: "QUIET_HOURS", notBefore: end }]);
    expect(holdfast.alarms.get(id)).toEqual(end);
    await at(plus(119));
    expect(await states(id)).toEqual(["DUE WAITING QUIET_HOURS"]);
    await at(end);
    expect(await states(id)).toEqual(["DUE COMPLETED"]);
    await remove(id);
  });

  it("is left out when it was paused while it waited", async () => {
    const id = await scheduled({ quietHours: { from: "13:00", to: "15:00" } });
    await at(plus(hour));
    await holdfast.app.services.schedules.toggle(administrator, id, false);
    await at(plus(3 * hour));
    expect(await states(id)).toEqual(["DUE SKIPPED PAUSED"]);
    await remove(id);
  });
});

describe("a clock that is wrong", () => {
  it("repeats no due time when it is put back by an hour", async () => {
    const id = await scheduled({ frequency: "CRON", cron: "0,30 * * * *" });
    for (const minutes of [30, 60, 90]) await cancelledAt(plus(minutes));
    for (const minutes of [31, 60, 90]) await cancelledAt(plus(minutes));
    expect((await runs(id)).map(({ dueAt }) => dueAt)).toEqual([plus(30), plus(60), plus(90)]);
    await cancelledAt(plus(120));
    expect(await states(id)).toEqual(Array(4).fill("DUE CANCELLED"));
    await remove(id);
  });

  it.each([
    ["a day ahead and comes back", plus(24 * hour + 90)],
    ["in 2100 and comes back", new Date("2100-01-01T00:00:00Z")],
    ["in 1970 and comes back", new Date("1970-01-01T00:00:00Z")],
  ])("neither repeats nor loses due times when it stands %s", async (_, wrong) => {
    const id = await scheduled();
    await cancelledAt(plus(hour));
    await cancelledAt(wrong);
    holdfast.setClock(plus(2 * hour));
    await holdfast.app.services.scheduleRuns.upkeep();
    for (const day of [1, 2, 3]) await cancelledAt(plus(hour + day * 24 * hour));
    const due = (await runs(id)).filter(({ dueAt }) => dueAt <= plus(hour + 3 * 24 * hour));
    expect(due.map(({ dueAt }) => dueAt)).toEqual([0, 1, 2, 3].map((day) => plus(hour + day * 24 * hour)));
    expect(due.map(({ state }) => state)).toEqual(Array(4).fill("CANCELLED"));
    expect(await holdfast.app.services.schedules.find(administrator, id)).toMatchObject({ nextRunAt: plus(hour + 4 * 24 * hour) });
    await remove(id);
  });
});

describe("a crash", () => {
  it("between the run and its backup is made up for, with the id that the run has", async () => {
    const id = await scheduled();
    await wokenAt(plus(hour));
    const { db } = holdfast.app.catalog;
    const [backup] = await backupsOf(id);
    await db.execute(sql`delete from backups where id = ${backup?.id}`);
    await holdfast.app.services.scheduleRuns.upkeep();
    await holdfast.performAll();
    expect(await backupsOf(id)).toMatchObject([{ id: backup?.id, status: "COMPLETED" }]);
    expect(await states(id)).toEqual(["DUE COMPLETED"]);
    await remove(id);
  });

  it("between the end of the backup and that of the run is made up for", async () => {
    const id = await scheduled();
    await at(plus(hour));
    await holdfast.app.catalog.db.execute(sql`update schedule_runs set state = 'STARTED' where schedule_id = ${id}`);
    await holdfast.app.services.scheduleRuns.upkeep();
    expect(await states(id)).toEqual(["DUE COMPLETED"]);
    expect(await backupsOf(id)).toHaveLength(1);
    await remove(id);
  });
});

describe("a schedule of another kind", () => {
  it("restores the newest good backup into its target, with a pre-restore backup, and does nothing without one", async () => {
    const [from, into] = [await holdfast.addMedia("production"), await holdfast.addMedia("staging")];
    const id = await scheduled({ kind: "RESTORE", sourceId: from, targetSourceId: into, restoreMode: "REPLACE" });
    await at(plus(hour));
    expect(await states(id)).toEqual(["DUE SKIPPED NOTHING_TO_DO"]);
    const { backups, restores } = holdfast.app.services;
    const backup = await backups.create(administrator, { type: "MEDIA", sourceId: from }, "MANUAL");
    await holdfast.performAll();
    await at(plus(25 * hour));
    expect(await states(id)).toEqual(["DUE SKIPPED NOTHING_TO_DO", "DUE COMPLETED"]);
    const [restore] = (await restores.page(administrator, { targetSourceId: into }, 10, null)).nodes;
    expect(restore).toMatchObject({ backupId: backup.id, mode: "REPLACE", status: "COMPLETED", actor: `schedule Schedule ${count}` });
    expect(restore?.preRestoreBackupId).not.toBeNull();
    await remove(id);
  });

  it("verifies the newest backup that is not known to be damaged; one that does not pass is a failure without another try", async () => {
    const shop = await holdfast.addMedia("verified");
    const id = await scheduled({ kind: "VERIFICATION", sourceId: shop, level: "CHECKSUM" });
    const { backups, scheduleRuns } = holdfast.app.services;
    const older = await backups.create(administrator, { type: "MEDIA", sourceId: shop }, "MANUAL");
    holdfast.setClock(plus(1));
    const newer = await backups.create(administrator, { type: "MEDIA", sourceId: shop }, "MANUAL");
    await holdfast.performAll();
    await writeFile(join(holdfast.home, "backups", newer.folder, "media.tar.zst"), "rotten");
    await at(plus(hour));
    expect(await states(id)).toEqual(["DUE FAILED"]);
    expect((await runs(id))[0]?.message).toBe("The backup did not pass its verification.");
    expect(await scheduleRuns.run(administrator, id, "MANUAL")).toMatchObject({ id: older.id });
    await holdfast.performAll();
    expect(await states(id)).toEqual(["DUE FAILED", "MANUAL COMPLETED"]);
    await remove(id);
  });
});

describe("a run that somebody asks for", () => {
  it("begins at once, also of a paused schedule and in quiet hours, and is not tried again", async () => {
    const id = await scheduled({ active: false, quietHours: { from: "11:00", to: "15:00" } });
    const { scheduleRuns } = holdfast.app.services;
    const viewer: Actor = { kind: "token", id: "1", name: "reader", role: "VIEWER" };
    await expect(scheduleRuns.run(viewer, id, "MANUAL")).rejects.toMatchObject({ code: "FORBIDDEN" });
    const [one, two] = await Promise.all([scheduleRuns.run(administrator, id, "API"), scheduleRuns.run(administrator, id, "MANUAL")]);
    expect(one).toMatchObject({ scheduleId: id, trigger: "API", actor: "ada@example.org" });
    expect(two.id).not.toBe(one.id);
    await holdfast.app.services.operations.cancel(administrator, two.id);
    await holdfast.performAll();
    expect((await states(id)).sort()).toEqual(["MANUAL CANCELLED", "MANUAL COMPLETED"]);
    await remove(id);
  });

  it("is told beforehand: what is due now, and nothing is changed by asking", async () => {
    const id = await scheduled({ missedRuns: "RUN_ONCE" });
    holdfast.setClock(plus(25 * hour + 5));
    const { scheduleRuns } = holdfast.app.services;
    const due = async () => (await scheduleRuns.due(administrator)).map(({ cause, state }) => `${cause} ${state}`);
    expect(await due()).toEqual(["DUE SKIPPED", "CATCH_UP WAITING"]);
    expect(await runs(id)).toEqual([]);
    expect(await scheduleRuns.startDue(administrator)).toMatchObject([
      { schedule: { id }, run: { cause: "CATCH_UP" }, backup: { status: "QUEUED" } },
    ]);
    expect(await due()).toEqual([]);
    await holdfast.performAll();
    await remove(id);
  });
});
