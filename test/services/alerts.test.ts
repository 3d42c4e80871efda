import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newestGood } from "../../server/db/alert-history.ts";
import { openCatalog } from "../../server/db/client.ts";
import { writeBackupCopy } from "../../server/db/copies.ts";
import { backupManifests, scheduleRuns, schedules } from "../../server/db/schema/index.ts";
import { insertStorage } from "../../server/db/storages.ts";
import { insertVerification } from "../../server/db/verifications.ts";
import type { Actor } from "../../server/domain/access.ts";
import { Failure } from "../../server/domain/errors.ts";
import {
  type BackupId,
  newId,
  type ScheduleId,
  type ScheduleRunId,
  type SourceId,
  type StorageId,
  type VerificationId,
} from "../../server/domain/ids.ts";
import type { Manifest } from "../../server/domain/manifest.ts";
import { mailbox, partOf } from "../support/mailbox.ts";
import { addBackupRow, addSourceRow, days, hours, minutes, notified } from "../support/notified.ts";

const admin: Actor = { kind: "cli", name: "root", role: "ADMIN" };
let told: Awaited<ReturnType<typeof notified>>;
let box: Awaited<ReturnType<typeof mailbox>>;
let storageId: StorageId;

beforeAll(async () => {
  told = await notified();
});
beforeEach(async () => {
  await told.reset();
  box = await mailbox({ disabledCommands: ["STARTTLS", "AUTH"] });
  told.mailBy(box.url);
  told.set({ emailNotifications: true, notificationEmails: ["ada@example.com"], targetBackupAgeHours: null });
  storageId = newId<StorageId>();
  await insertStorage(told.db, {
    ...{ id: storageId, name: "Disk", kind: "LOCAL", config: { directory: "/backups" }, isDefault: true, sizeCapBytes: null },
    createdAt: told.clock.now(),
  });
  await told.alerts.begins();
});
afterAll(async () => {
  await told?.[Symbol.asyncDispose]();
  expect(told.unforeseen).toEqual([]);
});

const ended = (sourceId: SourceId, status: "COMPLETED" | "FAILED" | "CANCELLED", more = {}) =>
  addBackupRow(told.db, sourceId, storageId, status, told.clock.now(), more);
async function settle(): Promise<void> {
  await told.alerts.upkeep();
  await told.deliveries.idle();
}
const subjects = () => box.mails.map(({ headers }) => headers.get("subject"));

async function addSchedule(sourceId: SourceId, more: Partial<typeof schedules.$inferInsert> = {}): Promise<ScheduleId> {
  const id = newId<ScheduleId>();
  const at = told.clock.now();
  await told.db.insert(schedules).values({
    ...{ id, name: "Nightly", kind: "BACKUP", frequency: "DAILY", timeOfDay: "03:00", timeZone: "UTC", sourceId, backupType: "DATABASE" },
    ...{ excludeLogs: true, missedRuns: "SKIP", graceMinutes: 60, overlap: "WAIT", jitterSeconds: 0, retries: 2, active: true },
    ...{ consideredUntil: at, createdAt: at, updatedAt: at },
    ...more,
  });
  return id;
}
const addRun = (scheduleId: ScheduleId, more: Partial<typeof scheduleRuns.$inferInsert>) =>
  told.db.insert(scheduleRuns).values({
    ...{ id: newId(), scheduleId, dueAt: told.clock.now(), cause: "DUE", state: "STARTED", notBefore: told.clock.now(), attempt: 1 },
    ...{ createdAt: told.clock.now() },
    ...more,
  });

describe("people", () => {
  it("are told once of five days of failure and once of their end, however many workers look and however often", async () => {
    const shop = await addSourceRow(told.db, "Shop", told.clock.now());
    told.set({ targetBackupAgeHours: 26 });
    await ended(shop.id, "COMPLETED");
    await settle();
    const [second, third] = [told.worker(), told.worker()];
    for (let hour = 4; hour <= 5 * 24; hour += 4) {
      told.clock.pass(hours(4));
      const id = await ended(shop.id, "FAILED");
      await Promise.all([told.alerts.follow({ kind: "BACKUP", id }), second.alerts.upkeep(), third.alerts.follow({ kind: "BACKUP", id })]);
      if (hour % 24 === 0) await settle();
    }
    await Promise.all([told, second, third].map(({ deliveries }) => deliveries.idle()));
    expect(subjects()).toEqual(["Shop: backup failed (the database refuses the password)"]);
    expect(await told.alerts.list(admin)).toMatchObject([
      { event: "BACKUP_FAILED", subject: `source:${shop.id}`, path: expect.stringMatching(/^\/backups\//) },
    ]);
    told.clock.pass(hours(1));
    const good = await ended(shop.id, "COMPLETED");
    await Promise.all([told.alerts.upkeep(), second.alerts.follow({ kind: "BACKUP", id: good })]);
    await settle();
    await Promise.all([told, second, third].map(({ deliveries }) => deliveries.idle()));
    expect(subjects().slice(1)).toEqual(["Shop: backups work again, after 5 days"]);
    expect(await told.alerts.list(admin)).toEqual([]);
    const [first] = box.mails;
    if (!first) return;
    expect(partOf(first, "text/plain")).toMatch(/wrong user name or password.+Check the user name.+The last good backup is 4 hours old\./s);
    expect(partOf(first, "text/plain")).toMatch(/https:\/\/backup\.example\.com\/backups\//);
  });

  it("get exactly the messages that a plain reading of any history gives, though workers die in the middle", async () => {
    const sources = [await addSourceRow(told.db, "A", told.clock.now()), await addSourceRow(told.db, "B", told.clock.now())];
    const expected: string[] = [];
    const failing = new Map<string, boolean>();
    let seed = 11;
    const random = () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    };
    // A worker that dies when the outbox is filled and the states are not written yet: all of it is undone, and somebody else does it again.
    await told.catalog.pool.query(
      "CREATE TRIGGER dies BEFORE UPDATE ON alert_states FOR EACH ROW IF @dies THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'died'; END IF",
    );
    const dying = openCatalog(told.address);
    dying.pool.pool.on("connection", (connection) => void connection.query("SET @dies = 1"));
    let deaths = 0;
    for (let step = 0; step < 50; step += 1) {
      told.clock.pass(minutes(7));
      const source = sources[Math.floor(random() * sources.length)];
      if (!source) continue;
      const status = (["COMPLETED", "FAILED", "FAILED", "CANCELLED"] as const)[Math.floor(random() * 4)] ?? "FAILED";
      const id = await ended(source.id, status);
      const was = failing.get(source.name) ?? false;
      if (status === "FAILED" && !was) expected.push(`${source.name} failed`);
      if (status === "COMPLETED" && was) expected.push(`${source.name} again`);
      if (status !== "CANCELLED") failing.set(source.name, status === "FAILED");
      const fate = random();
      if (fate < 0.3) await told.alerts.follow({ kind: "BACKUP", id });
      else if (fate < 0.5)
        await told
          .worker(dying.db)
          .alerts.follow({ kind: "BACKUP", id })
          .catch(() => {
            deaths += 1;
          });
      else if (fate < 0.7) await Promise.all([told.alerts.upkeep(), told.worker().alerts.upkeep()]);
    }
    await dying.close();
    await told.catalog.pool.query("DROP TRIGGER dies");
    await told.alerts.upkeep();
    const { nodes } = await told.deliveries.page(admin, {}, 200, null);
    const order = (name: string, lines: readonly string[]) => lines.filter((line) => line.startsWith(name));
    const lines = nodes.toReversed().map(({ message }) => `${message.title[0]} ${message.event === "RECOVERED" ? "again" : "failed"}`);
    for (const name of ["A", "B"]) expect(order(name, lines)).toEqual(order(name, expected));
    expect(lines.length).toBe(expected.length);
    expect([lines.length > 8, deaths > 0]).toEqual([true, true]);
  });

  it("are not told of a try that its schedule makes good, but of the last one", async () => {
    const shop = await addSourceRow(told.db, "Shop", told.clock.now());
    const scheduleId = await addSchedule(shop.id);
    const scheduled = { scheduleId, trigger: "SCHEDULE" as const };
    const first = await ended(shop.id, "FAILED", scheduled);
    const runId = newId<ScheduleRunId>();
    await addRun(scheduleId, { id: runId, operationId: first });
    await settle();
    // Not decided yet: the run is still settled.
    expect(subjects()).toEqual([]);
    const run = (sql: string, ...values: unknown[]) =>
      told.catalog.pool.query(`UPDATE schedule_runs SET ${sql} WHERE id = ?`, [...values, runId]);
    await run("state = 'WAITING', reason = 'RETRY'");
    await settle();
    told.clock.pass(minutes(1));
    const second = await ended(shop.id, "FAILED", scheduled);
    await run("state = 'FAILED', reason = NULL, operation_id = ?, attempt = 2, settled_at = ?", second, told.clock.now());
    await settle();
    expect(subjects()).toEqual(["Shop: backup failed (the database refuses the password)"]);
    const { nodes } = await told.deliveries.page(admin, {}, 10, null);
    expect(nodes[0]?.message.path).toBe(`/backups/${second}`);
  });

  it("hear that a source recovered only when what failed is backed up again, not when another part is", async () => {
    const shop = await addSourceRow(told.db, "Shop", told.clock.now());
    await ended(shop.id, "FAILED", { type: "FULL" });
    for (const type of ["DATABASE", "DATABASE", "MEDIA"] as const) {
      told.clock.pass(hours(1));
      await ended(shop.id, "COMPLETED", { type });
      await settle();
    }
    expect(subjects()).toEqual(["Shop: backup failed (the database refuses the password)", "Shop: backups work again, after 3 hours"]);
  });

  it("are told of a missed run, a failed restore and a pause of a schedule, and of their end", async () => {
    const shop = await addSourceRow(told.db, "Shop", told.clock.now());
    const nightly = await addSchedule(shop.id);
    const staging = await addSchedule(shop.id, { name: "To staging", kind: "RESTORE", targetSourceId: shop.id });
    told.clock.pass(hours(1));
    const at = told.clock.now();
    await addRun(nightly, { state: "SKIPPED", reason: "MISSED", dueCount: 3, settledAt: at, message: "Holdfast was not running." });
    await addRun(staging, { state: "FAILED", settledAt: at, message: "The target is not empty." });
    await told.catalog.pool.query("UPDATE schedules SET paused_reason = 'There is no zone Mars/Phobos.' WHERE id = ?", [staging]);
    await settle();
    await settle();
    expect(subjects().sort()).toEqual([
      "Shop: 3 scheduled runs were missed",
      "Shop: scheduled restore failed (see its log)",
      "To staging: Holdfast paused this schedule",
    ]);
    told.clock.pass(hours(1));
    for (const id of [nightly, staging]) await addRun(id, { state: "COMPLETED", settledAt: told.clock.now() });
    await told.catalog.pool.query("UPDATE schedules SET paused_reason = NULL WHERE id = ?", [staging]);
    await settle();
    expect(subjects().slice(3).sort()).toEqual([
      "Nightly: scheduled runs work again, after 60 minutes",
      "To staging: runs again, after 60 minutes",
      "To staging: scheduled restores work again, after 60 minutes",
    ]);
  });

  it("are told of damage that a verification found, until one of that strength passes", async () => {
    const shop = await addSourceRow(told.db, "Shop", told.clock.now());
    const backupId = await ended(shop.id, "COMPLETED");
    const verified = async (level: "CHECKSUM" | "RESTORE", passed: boolean) => {
      told.clock.pass(hours(1));
      const at = told.clock.now();
      const report = {
        passed,
        tables: [],
        filesChecked: null,
        bytesChecked: 1,
        restoreSeconds: null,
        problems: passed ? [] : ["Table orders lost 3 rows."],
      };
      await insertVerification(told.db, {
        ...{
          id: newId<VerificationId>(),
          backupId,
          level,
          actor: "root",
          report,
          passed,
          status: "COMPLETED",
          createdAt: at,
          finishedAt: at,
        },
      });
      await settle();
    };
    await verified("RESTORE", false);
    await verified("RESTORE", false);
    await verified("CHECKSUM", true);
    await verified("RESTORE", true);
    expect(subjects()).toEqual(["Shop: a backup did not pass its drill", "Shop: verified again, after 3 hours"]);
    const good = { database: new Date("2026-11-01T00:00:00.000Z"), media: null };
    expect(await newestGood(told.db, shop.id)).toEqual(good);
    // A damaged one is none.
    await verified("CHECKSUM", false);
    expect(await newestGood(told.db, shop.id)).toEqual({ database: null, media: null });
    const [first] = box.mails;
    if (first) expect(partOf(first, "text/plain")).toMatch(/Table orders lost 3 rows\./);
  });

  it("are told when nothing fails and yet nothing is backed up, by the source's own target or by its schedule", async () => {
    told.set({ targetBackupAgeHours: 26 });
    const strict = await addSourceRow(told.db, "Strict", told.clock.now(), { targetBackupAgeHours: 4 });
    const weekly = await addSourceRow(told.db, "Weekly", told.clock.now());
    const none = await addSourceRow(told.db, "None", told.clock.now());
    await addSchedule(weekly.id, {
      name: "Weekly",
      lastRunAt: told.clock.now(),
      nextRunAt: new Date(told.clock.now().getTime() + days(7)),
    });
    for (const { id } of [strict, weekly]) await ended(id, "COMPLETED");
    for (let hour = 0; hour < 48; hour += 1) {
      told.clock.pass(hours(1));
      await settle();
    }
    expect(subjects()).toEqual(["Strict: the last good backup is 5 hours old", "None: there is no backup yet"]);
    await ended(strict.id, "COMPLETED");
    await ended(none.id, "COMPLETED");
    await settle();
    expect(subjects().slice(2).sort()).toEqual(["None: backed up again, after 21 hours", "Strict: backed up again, after 2 days"]);
    // The schedule's next time passes, and nothing comes.
    told.clock.pass(days(6));
    await settle();
    expect(subjects().slice(4)).toContain("Weekly: the last good backup is 8 days old");
  });

  it("are told of a backup that is unlike its like: by size, by tables that are gone or empty", async () => {
    const shop = await addSourceRow(told.db, "Shop", told.clock.now());
    const taken = async (size: number, tables: Readonly<Record<string, number>>) => {
      told.clock.pass(days(1));
      const id = await ended(shop.id, "COMPLETED", {
        artifacts: [{ name: "database.sql.zst", part: "database", size, storedSize: size / 4, sha256: "" }],
      });
      const rows = Object.entries(tables).map(([name, count]) => ({ name, rows: count, engine: "InnoDB", bytes: 1, checksum: null }));
      await told.db.insert(backupManifests).values({ backupId: id, manifest: { database: { tables: rows } } as unknown as Manifest });
      await settle();
    };
    for (const size of [100e6, 110e6, 90e6, 120e6]) await taken(size, { orders: 500, carts: 20 });
    await taken(120e6, { orders: 510, carts: 0 });
    expect(subjects()).toEqual([]);
    await taken(40e6, { orders: 0 });
    await taken(41e6, { orders: 0 });
    expect(subjects()).toEqual(["Shop: a backup is unlike those before it"]);
    const [first] = box.mails;
    if (first)
      expect(partOf(first, "text/plain").replace(/\s+/g, " ")).toMatch(
        /The database came to 40\.0 MB, where the last 5 had 110 MB in the middle\. 1 table is gone: carts\. 1 table is empty now: orders\./,
      );
  });

  it("are told of a storage that runs low or will not let go, and hear when that is over", async () => {
    const shop = await addSourceRow(told.db, "Shop", told.clock.now());
    const stuck = await ended(shop.id, "COMPLETED", { deletedAt: told.clock.now(), deletionProblem: "The folder is read-only." });
    Object.assign(told.disk, { free: 95e9 });
    await settle();
    told.clock.pass(minutes(61));
    await settle();
    // A little more than the limit is not yet room.
    Object.assign(told.disk, { free: 105e9 });
    await settle();
    expect(subjects()).toEqual(["Disk: the storage is running low", "Disk: a backup cannot be deleted"]);
    Object.assign(told.disk, { free: 300e9 });
    await told.catalog.pool.query("DELETE FROM backups WHERE id = ?", [stuck]);
    await settle();
    expect(subjects().slice(2).sort()).toEqual([
      "Disk: has room again, after 61 minutes",
      "Disk: lets go of old backups again, after less than a minute",
    ]);
  });

  it("are told of a storage that stays away and of backups that stay missing on it, not of a moment, and hear when that is over", async () => {
    const shop = await addSourceRow(told.db, "Shop", told.clock.now());
    const id = await ended(shop.id, "COMPLETED");
    const copy = { backupId: id as BackupId, storageId };
    await writeBackupCopy(told.db, { ...copy, state: "FAILED", problem: "No route to it." });
    const away = new Failure("STORAGE_UNAVAILABLE", "The storage Disk does not answer.", "Look whether it is up.");
    Object.assign(told.disk, { problem: away });
    await settle();
    told.clock.pass(minutes(5));
    Object.assign(told.disk, { problem: null });
    await settle();
    Object.assign(told.disk, { problem: away });
    await settle();
    told.clock.pass(minutes(9));
    await settle();
    expect(subjects()).toEqual([]);
    told.clock.pass(minutes(2));
    await settle();
    expect(subjects()).toEqual(["Disk: the storage cannot be used"]);
    told.clock.pass(minutes(50));
    await settle();
    expect(subjects().slice(1)).toEqual(["Disk: a backup is to lie there and does not"]);
    const [first] = box.mails;
    if (first) expect(partOf(first, "text/plain").replace(/\s+/g, " ")).toMatch(/does not answer\. Look whether it is up\./);
    Object.assign(told.disk, { problem: null });
    await writeBackupCopy(told.db, { ...copy, state: "STORED", problem: null });
    await settle();
    expect(subjects().slice(2).sort()).toEqual([
      "Disk: can be reached again, after 50 minutes",
      "Disk: holds all its backups again, after less than a minute",
    ]);
    expect(await told.alerts.list(admin)).toEqual([]);
  });
});
