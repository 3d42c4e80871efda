import { afterAll, beforeAll, expect, it } from "vitest";
import { scheduleRuns, schedules } from "../../server/db/schema/index.ts";
import { insertStorage } from "../../server/db/storages.ts";
import { insertVerification } from "../../server/db/verifications.ts";
import { type BackupId, newId, type ScheduleId, type StorageId, type VerificationId } from "../../server/domain/ids.ts";
import { createDigest } from "../../server/services/digest.ts";
import { mailbox, partOf } from "../support/mailbox.ts";
import { addBackupRow, addSourceRow, hours, minutes, notified } from "../support/notified.ts";

let told: Awaited<ReturnType<typeof notified>>;
beforeAll(async () => {
  told = await notified("2026-10-18T00:00:00.000Z");
});
afterAll(async () => {
  await told?.[Symbol.asyncDispose]();
  expect(told.unforeseen).toEqual([]);
});

it("a digest comes each Monday at eight of the settings' clock, once for all processes, and shows the week in a picture and in words", async () => {
  const { url, mails } = await mailbox({ disabledCommands: ["STARTTLS", "AUTH"] });
  told.mailBy(url);
  told.set({ emailNotifications: true, notificationEmails: ["ada@example.com"], timeZone: "Europe/Berlin", targetBackupAgeHours: null });
  const { db, settings } = told;
  const storageId = newId<StorageId>();
  const config = { directory: "/b" };
  await insertStorage(db, {
    ...{ id: storageId, name: "Disk", kind: "LOCAL", config, isDefault: true, sizeCapBytes: null },
    createdAt: told.clock.now(),
  });
  await told.alerts.begins();
  const shop = await addSourceRow(db, 'Shop <b>&"', told.clock.now());
  await addSourceRow(db, "Blog", told.clock.now());
  const taken = (at: string, status: "COMPLETED" | "FAILED") =>
    addBackupRow(db, shop.id, storageId, status, new Date(at), { storedSize: 5_000_000 });
  const drilled = async (backupId: BackupId, at: string) => {
    const [createdAt, report] = [
      new Date(at),
      { passed: true, tables: [], filesChecked: null, bytesChecked: 1, restoreSeconds: 240, problems: [] },
    ];
    const detail = { report, passed: true, restoreSeconds: 240, status: "COMPLETED" as const, createdAt, finishedAt: createdAt };
    await insertVerification(db, { id: newId<VerificationId>(), backupId, level: "RESTORE", actor: "root", ...detail });
  };
  // Local Tuesday 20 October has a backup at half past midnight, which is still Monday in UTC.
  await drilled(await taken("2026-10-19T22:30:00Z", "COMPLETED"), "2026-10-20T05:00:00Z");
  await taken("2026-10-21T01:00:00Z", "FAILED");
  await taken("2026-10-21T02:00:00Z", "COMPLETED");
  await taken("2026-10-22T01:00:00Z", "FAILED");
  const scheduleId = newId<ScheduleId>();
  const at = told.clock.now();
  await db.insert(schedules).values({
    ...{ id: scheduleId, name: "Nightly", kind: "BACKUP", frequency: "DAILY", timeOfDay: "03:00", timeZone: "UTC", sourceId: shop.id },
    ...{ backupType: "DATABASE", excludeLogs: true, missedRuns: "SKIP", graceMinutes: 60, overlap: "WAIT", jitterSeconds: 0, retries: 2 },
    ...{ active: true, consideredUntil: at, createdAt: at, updatedAt: at },
  });
  const dueAt = new Date("2026-10-23T01:00:00Z");
  await db.insert(scheduleRuns).values({
    ...{ id: newId(), scheduleId, dueAt, cause: "DUE", state: "SKIPPED", reason: "MISSED", notBefore: dueAt, attempt: 0, createdAt: dueAt },
    settledAt: dueAt,
  });
  told.clock.set(new Date("2026-10-24T12:00:00Z"));
  await told.alerts.upkeep();
  await told.deliveries.idle();
  mails.length = 0;

  const workers = [told, told.worker(), told.worker()];
  const processes = workers.map(({ bus, deliveries }) => createDigest({ db, bus, settings, deliveries, now: told.clock.now }));
  // The clock goes on by more than a delivery's lease: one that another worker still sends would be sent once more.
  const allSent = () => Promise.all(workers.map(({ deliveries }) => deliveries.idle()));
  // It is turned on on Saturday. The clocks of Berlin go back on Sunday, so eight o'clock is 07:00 UTC from then on.
  await processes[0]?.upkeep();
  told.set({ weeklyDigest: true, digestDay: 1 });
  for (
    told.clock.set(new Date("2026-10-24T12:10:00Z"));
    told.clock.now() < new Date("2026-10-28T00:00:00Z");
    told.clock.pass(minutes(50))
  ) {
    await Promise.all(processes.map((each) => each.upkeep()));
    await told.deliveries.wake();
    await allSent();
    if (mails.length === 1 && told.clock.now() < new Date("2026-10-26T07:00:00Z")) throw new Error("It came before its time");
  }
  expect(mails.length).toBe(1);
  const [mail] = mails;
  if (!mail) return;
  expect(mail.headers.get("date")).toMatch(/^Mon, 26 Oct 2026 07:/);
  expect(mail.headers.get("subject")).toBe("Your week in backups: 2 things need attention");
  const text = partOf(mail, "text/plain").replace(/\r\n/g, "\n").replace(/=\n/g, "");
  expect(text).toContain("Tue 20 proven, Wed 21 stored (1 failed), Thu 22 failed, Fri 23 missed, Sat 24 none, Sun 25 none, Mon 26 none");
  expect(text).toContain('- Shop <b>&": backup failed (the database refuses the password)');
  expect(text).toMatch(
    /Last good backup: 5 days ago\nLast proven by a restore: 6 days ago\nTime to recover: about 4 min\nStored: 10\.0 MB, of which 10\.0 MB this week/,
  );
  expect(text).toMatch(/Blog\n.+\nLast good backup: never/);
  const html = partOf(mail, "text/html");
  expect(html.match(/>(proven|stored|failed|missed|none)(<br>1 failed)?<\/td>/g)?.slice(7)).toEqual([
    ">proven</td>",
    ">stored<br>1 failed</td>",
    ">failed</td>",
    ">missed</td>",
    ">none</td>",
    ">none</td>",
    ">none</td>",
  ]);
  expect(html).toContain("Shop &lt;b&gt;&amp;&quot;");
  expect(html).not.toMatch(/<b>|<img|url\(/);

  // Three weeks off: only a digest whose time has just come is sent.
  told.clock.set(new Date("2026-11-18T12:00:00Z"));
  await Promise.all(processes.map((each) => each.upkeep()));
  told.clock.set(new Date("2026-11-23T07:00:00Z"));
  await Promise.all(processes.map((each) => each.upkeep()));
  await allSent();
  await Promise.all([told.deliveries.wake(), told.clock.pass(hours(1))]);
  await allSent();
  const { nodes } = await told.deliveries.page({ kind: "cli", name: "root", role: "ADMIN" }, {}, 200, null);
  expect(nodes.filter(({ event }) => event === "DIGEST").length).toBe(2);
});
