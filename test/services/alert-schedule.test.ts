import { describe, expect, it } from "vitest";
import { newId, type ScheduleRunId } from "../../server/domain/ids.ts";
import { admin, alerting } from "../support/alerting.ts";
import { addSourceRow, days, hours, minutes } from "../support/notified.ts";

const own = alerting();
const { ended, settle, subjects, addSchedule, addRun } = own;

describe("people", () => {
  it("are not told of a try that its schedule makes good, but of the last one", async () => {
    const shop = await addSourceRow(own.told.db, "Shop", own.told.clock.now());
    const scheduleId = await addSchedule(shop.id);
    const scheduled = { scheduleId, trigger: "SCHEDULE" as const };
    const first = await ended(shop.id, "FAILED", scheduled);
    const runId = newId<ScheduleRunId>();
    await addRun(scheduleId, { id: runId, operationId: first });
    await settle();
    // Not decided yet: the run is still settled.
    expect(subjects()).toEqual([]);
    const run = (sql: string, ...values: unknown[]) =>
      own.told.catalog.pool.query(`UPDATE schedule_runs SET ${sql} WHERE id = ?`, [...values, runId]);
    await run("state = 'WAITING', reason = 'RETRY'");
    await settle();
    own.told.clock.pass(minutes(1));
    const second = await ended(shop.id, "FAILED", scheduled);
    await run("state = 'FAILED', reason = NULL, operation_id = ?, attempt = 2, settled_at = ?", second, own.told.clock.now());
    await settle();
    expect(subjects()).toEqual(["Shop: backup failed (the database refuses the password)"]);
    const { nodes } = await own.told.deliveries.page(admin, {}, 10, null);
    expect(nodes[0]?.message.path).toBe(`/backups/${second}`);
  });

  it("are told of a missed run, a failed restore and a pause of a schedule, and of their end", async () => {
    const shop = await addSourceRow(own.told.db, "Shop", own.told.clock.now());
    const nightly = await addSchedule(shop.id);
    const staging = await addSchedule(shop.id, { name: "To staging", kind: "RESTORE", targetSourceId: shop.id });
    own.told.clock.pass(hours(1));
    const at = own.told.clock.now();
    await addRun(nightly, { state: "SKIPPED", reason: "MISSED", dueCount: 3, settledAt: at, message: "Holdfast was not running." });
    await addRun(staging, { state: "FAILED", settledAt: at, message: "The target is not empty." });
    await own.told.catalog.pool.query("UPDATE schedules SET paused_reason = 'There is no zone Mars/Phobos.' WHERE id = ?", [staging]);
    await settle();
    await settle();
    expect(subjects().sort()).toEqual([
      "Shop: 3 scheduled runs were missed",
      "Shop: scheduled restore failed (see its log)",
      "To staging: Holdfast paused this schedule",
    ]);
    own.told.clock.pass(hours(1));
    for (const id of [nightly, staging]) await addRun(id, { state: "COMPLETED", settledAt: own.told.clock.now() });
    await own.told.catalog.pool.query("UPDATE schedules SET paused_reason = NULL WHERE id = ?", [staging]);
    await settle();
    expect(subjects().slice(3).sort()).toEqual([
      "Nightly: scheduled runs work again, after 60 minutes",
      "To staging: runs again, after 60 minutes",
      "To staging: scheduled restores work again, after 60 minutes",
    ]);
  });

  it("are told when nothing fails and yet nothing is backed up, by the source's own target or by its schedule", async () => {
    own.told.set({ targetBackupAgeHours: 26 });
    const strict = await addSourceRow(own.told.db, "Strict", own.told.clock.now(), { targetBackupAgeHours: 4 });
    const weekly = await addSourceRow(own.told.db, "Weekly", own.told.clock.now());
    const none = await addSourceRow(own.told.db, "None", own.told.clock.now());
    await addSchedule(weekly.id, {
      name: "Weekly",
      lastRunAt: own.told.clock.now(),
      nextRunAt: new Date(own.told.clock.now().getTime() + days(7)),
    });
    for (const { id } of [strict, weekly]) await ended(id, "COMPLETED");
    for (let hour = 0; hour < 48; hour += 1) {
      own.told.clock.pass(hours(1));
      await settle();
    }
    expect(subjects()).toEqual(["Strict: the last good backup is 5 hours old", "None: there is no backup yet"]);
    await ended(strict.id, "COMPLETED");
    await ended(none.id, "COMPLETED");
    await settle();
    expect(subjects().slice(2).sort()).toEqual(["None: backed up again, after 21 hours", "Strict: backed up again, after 2 days"]);
    // The schedule's next time passes, and nothing comes.
    own.told.clock.pass(days(6));
    await settle();
    expect(subjects().slice(4)).toContain("Weekly: the last good backup is 8 days old");
  });
});
