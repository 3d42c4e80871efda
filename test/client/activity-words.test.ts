import { describe, expect, it } from "vitest";
import { activityHref, activityOutcome, activityTitle, auditDetails, auditWords, wentWrong } from "../../client/lib/activity-words.ts";

const entry = {
  id: "1",
  kind: "BACKUP",
  status: "COMPLETED",
  actor: "ada@example.org",
  createdAt: "2026-11-22T03:00:00Z",
  durationSeconds: 94,
  error: null,
  name: "Nightly",
  sourceName: "Shop",
  storageName: null,
  backupId: null,
  storedSize: 107_000_000,
  level: null,
  passed: null,
  removedCount: null,
  freedBytes: null,
} as const;
const proof = { ...entry, kind: "VERIFICATION", level: "RESTORE", backupId: "7", passed: true } as const;
const copy = { ...entry, kind: "COPY", backupId: "7", storageName: "Offsite" } as const;
const cleanup = { ...entry, kind: "CLEANUP", sourceName: null, removedCount: 2, freedBytes: 214_000_000 } as const;

describe("a line of the activity", () => {
  it.each([
    [entry, "Backup of Shop", "Stored 107 MB in 1 min 34 s.", "/backups/1"],
    [{ ...entry, kind: "RESTORE" }, "Restore into Shop", "Restored in 1 min 34 s.", "/restore/1"],
    [proof, "Proof by restore of Nightly", "Found whole in 1 min 34 s.", "/backups/7"],
    [{ ...proof, level: "CHECKSUM", passed: false }, "Check of the bytes of Nightly", "Found not to be whole.", "/backups/7"],
    [copy, "Copy of Nightly to Offsite", "Copied 107 MB in 1 min 34 s.", "/backups/7"],
    [cleanup, "Cleanup", "Removed 2 backups, 214 MB.", "/cleanup/1"],
    [{ ...cleanup, removedCount: 0 }, "Cleanup", "Removed nothing.", "/cleanup/1"],
    [{ ...entry, status: "RUNNING" }, "Backup of Shop", null, "/backups/1"],
    [{ ...entry, status: "CANCELLED" }, "Backup of Shop", "Cancelled.", "/backups/1"],
    [
      { ...entry, status: "FAILED", error: { code: "STORAGE_FULL", message: "The storage is full", hint: null } },
      "Backup of Shop",
      "The storage is full.",
      "/backups/1",
    ],
  ] as const)("says what was done and what came of it", (one, title, outcome, href) => {
    expect([activityTitle(one), activityOutcome(one), activityHref(one)]).toEqual([title, outcome, href]);
  });

  it("takes what was found damaged for as bad as what failed", () => {
    expect([entry, { ...proof, passed: false }, { ...entry, status: "FAILED" as const }].map(wentWrong)).toEqual([false, true, true]);
  });
});

describe("a line of the audit log", () => {
  it.each([
    ["schedule.create", "Nightly", "made the schedule Nightly"],
    ["backup.delete", "Old one", "deleted the backup Old one"],
    ["settings.update", null, "changed the settings"],
    ["channel.update", "Team", "changed the channel Team"],
    ["mystery", null, "the mystery"],
  ])("ends the sentence that its actor begins: %s", (action, subject, words) => {
    expect(auditWords({ action, subject })).toBe(words);
  });

  it("shows details as they are", () => {
    expect(auditDetails({ details: { retentionDays: 7, mailFrom: "a@example.org", list: ["x"] } })).toEqual([
      ["retentionDays", "7"],
      ["mailFrom", "a@example.org"],
      ["list", '["x"]'],
    ]);
    expect(auditDetails({ details: null })).toEqual([]);
  });
});
