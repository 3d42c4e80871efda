import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { scheduleRuns, schedules } from "../../server/db/schema/index.ts";
import { insertStorage } from "../../server/db/storages.ts";
import type { Actor } from "../../server/domain/access.ts";
import { type BackupId, newId, type ScheduleId, type SourceId, type StorageId } from "../../server/domain/ids.ts";
import { mailbox } from "./mailbox.ts";
import { addBackupRow, notified } from "./notified.ts";

export const admin: Actor = { kind: "cli", name: "root", role: "ADMIN" };

/** One who is told by mail, a storage, and what may be told of: new before each test of the file that calls this. */
export function alerting() {
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

  return {
    get told() {
      return told;
    },
    get box() {
      return box;
    },
    get storageId() {
      return storageId;
    },
    /** A backup of the source that has ended just now. */
    ended: (sourceId: SourceId, status: "COMPLETED" | "FAILED" | "CANCELLED", more = {}): Promise<BackupId> =>
      addBackupRow(told.db, sourceId, storageId, status, told.clock.now(), more),
    async settle(): Promise<void> {
      await told.alerts.upkeep();
      await told.deliveries.idle();
    },
    subjects: () => box.mails.map(({ headers }) => headers.get("subject")),
    async addSchedule(sourceId: SourceId, more: Partial<typeof schedules.$inferInsert> = {}): Promise<ScheduleId> {
      const id = newId<ScheduleId>();
      const at = told.clock.now();
      await told.db.insert(schedules).values({
        ...{
          id,
          name: "Nightly",
          kind: "BACKUP",
          frequency: "DAILY",
          timeOfDay: "03:00",
          timeZone: "UTC",
          sourceId,
          backupType: "DATABASE",
        },
        ...{ excludeLogs: true, missedRuns: "SKIP", graceMinutes: 60, overlap: "WAIT", jitterSeconds: 0, retries: 2, active: true },
        ...{ consideredUntil: at, createdAt: at, updatedAt: at },
        ...more,
      });
      return id;
    },
    addRun: (scheduleId: ScheduleId, more: Partial<typeof scheduleRuns.$inferInsert>) =>
      told.db.insert(scheduleRuns).values({
        ...{ id: newId(), scheduleId, dueAt: told.clock.now(), cause: "DUE", state: "STARTED", notBefore: told.clock.now(), attempt: 1 },
        ...{ createdAt: told.clock.now() },
        ...more,
      }),
  };
}
