import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { schedules as table } from "../../server/db/schema/index.ts";
import type { Actor } from "../../server/domain/access.ts";
import { newId, type ScheduleId, type SourceId, type StorageId } from "../../server/domain/ids.ts";
import type { ScheduleRequest } from "../../server/services/schedule-request.ts";
import type { Schedules } from "../../server/services/schedules.ts";
import { administrator as admin, type Wired, wired } from "../support/wired.ts";

const noon = new Date("2026-11-22T12:00:00.000Z");
const at = (text: string) => new Date(`2026-11-${text}Z`);

let holdfast: Wired;
let schedules: Schedules;
let shop: SourceId;
let staging: SourceId;
beforeAll(async () => {
  holdfast = await wired(noon);
  schedules = holdfast.app.services.schedules;
  [shop, staging] = [await holdfast.addMedia("shop"), await holdfast.addMedia("staging")];
});
beforeEach(async () => {
  holdfast.setClock(noon);
  for (const { id } of await schedules.list(admin)) await schedules.remove(admin, id);
});
afterAll(() => holdfast?.[Symbol.asyncDispose]());

const nightly = (changes: Partial<ScheduleRequest> = {}): ScheduleRequest => ({
  ...{ name: "Nightly", frequency: "DAILY", timeOfDay: "03:00", timeZone: "Europe/Berlin", backupType: "MEDIA", sourceId: shop },
  ...changes,
});
const refusal = (request: Partial<ScheduleRequest>) =>
  schedules.create(admin, nightly(request)).then(
    () => "accepted",
    ({ code, reason }) => [code, reason].filter(Boolean).join(" "),
  );
/** What is said while something is done. */
async function heard(work: () => Promise<unknown>): Promise<readonly unknown[]> {
  const changes = await schedules.watchChanges(admin);
  const next = changes.next();
  await work();
  const { value } = await next;
  await changes.return?.();
  return [value];
}

describe("schedules", () => {
  it("are made with their first due time, what applies where they leave something open, and an alarm", async () => {
    const made = await schedules.create(admin, nightly());
    expect(made).toMatchObject({
      ...{ name: "Nightly", kind: "BACKUP", active: true, nextRunAt: at("23T02:00:00"), consideredUntil: noon, lastRunAt: null },
      ...{ storageId: null, retention: null, compression: null, missedRuns: "RUN_ONCE", overlap: "WAIT", retries: 2, pausedReason: null },
      effective: {
        storageId: (await holdfast.app.services.storages.list(admin))[0]?.id,
        retention: { days: 30, keepLast: null, keepDaily: null, keepWeekly: null, keepMonthly: null, keepYearly: null },
        compression: "ZSTD",
      },
    });
    expect(await schedules.find(admin, made.id)).toEqual(made);
    expect(holdfast.alarms.get(made.id)).toEqual(at("23T02:00:00"));
    expect((await holdfast.app.services.audit.page(admin, 10, null)).nodes).toContainEqual(
      expect.objectContaining({ action: "schedule.create", subject: "Nightly", actor: "ada@example.org" }),
    );
  });

  it("are listed by name, as they were written", async () => {
    const names = ["Ünicode 🦊", "سجل", 'O\'Neill "quoted"', "<script>alert(1)</script>", "=cmd()|' /C calc'!A0", "a".repeat(120)];
    for (const name of names) await schedules.create(admin, nightly({ name, active: false }));
    expect((await schedules.list(admin)).map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it.each([
    [{ name: "" }, "BAD_USER_INPUT"],
    [{ name: "two\nlines" }, "BAD_USER_INPUT"],
    [{ name: "a".repeat(121) }, "BAD_USER_INPUT"],
    [{ frequency: "CRON", cron: "61 * * * *" }, "BAD_USER_INPUT CRON_INVALID"],
    [{ frequency: "CRON", cron: "* * * * * *" }, "BAD_USER_INPUT TOO_FREQUENT"],
    [{ frequency: "CRON", cron: "0 0 31 2 *" }, "BAD_USER_INPUT CRON_NEVER"],
    [{ timeZone: "Mars/Phobos" }, "BAD_USER_INPUT TIMEZONE_UNKNOWN"],
    [{ retention: { days: 0 } }, "BAD_USER_INPUT RETENTION_INVALID"],
    [{ retention: { keepLast: -1 } }, "BAD_USER_INPUT RETENTION_INVALID"],
    [{ retention: { keepDaily: Number.NaN } }, "BAD_USER_INPUT RETENTION_INVALID"],
    [{ retention: { days: 1e12 } }, "BAD_USER_INPUT RETENTION_INVALID"],
    [{ retention: {} }, "BAD_USER_INPUT RETENTION_INVALID"],
    [{ retention: { days: null } }, "BAD_USER_INPUT RETENTION_INVALID"],
    [{ backupType: "DATABASE" }, "BAD_USER_INPUT"],
    [{ sourceId: null }, "BAD_USER_INPUT"],
    [{ sourceId: newId<SourceId>() }, "NOT_FOUND"],
    [{ storageId: newId<StorageId>() }, "NOT_FOUND"],
    [{ jitterSeconds: 3601 }, "BAD_USER_INPUT"],
    [{ kind: "RESTORE" }, "BAD_USER_INPUT"],
    [{ kind: "RESTORE", targetSourceId: newId<SourceId>() }, "NOT_FOUND"],
  ] as const)("are refused with %j, and nothing is written", async (request, code) => {
    expect(await refusal(request)).toBe(code);
    expect(await schedules.list(admin)).toEqual([]);
  });

  it("never restore a source onto itself", async () => {
    await expect(schedules.create(admin, nightly({ kind: "RESTORE", targetSourceId: shop }))).rejects.toMatchObject({
      ...{ code: "BAD_USER_INPUT", message: expect.stringContaining("onto itself"), hint: expect.stringContaining("staging") },
    });
  });

  it("keep what their kind has a use for, with its defaults", async () => {
    const all = { storageId: null, retention: { days: 3 }, verifyAfter: "CHECKSUM", level: "CHECKSUM", restoreMode: "PRESERVE" } as const;
    const made = await schedules.create(admin, nightly({ ...all, name: "Backs up", targetSourceId: staging }));
    expect(made).toMatchObject({ targetSourceId: null, restoreMode: null, level: null, verifyAfter: "CHECKSUM" });
    expect(made.effective.retention).toMatchObject({ days: 3, keepLast: null });
    expect(await schedules.create(admin, nightly({ name: "Refreshes", kind: "RESTORE", targetSourceId: staging }))).toMatchObject({
      ...{ kind: "RESTORE", targetSourceId: staging, restoreMode: "REPLACE", level: null, retention: null, verifyAfter: null },
    });
    expect(await schedules.create(admin, nightly({ ...all, name: "Drills", kind: "VERIFICATION", level: null }))).toMatchObject({
      ...{ kind: "VERIFICATION", level: "RESTORE", targetSourceId: null, restoreMode: null, retention: null, verifyAfter: null },
    });
  });

  it("are changed as a whole; their next time only when their times change, or they go on", async () => {
    const { id } = await schedules.create(admin, nightly());
    holdfast.setClock(at("23T12:00:00"));
    const renamed = await schedules.update(admin, id, nightly({ name: "Each night", retention: { keepLast: 3 } }));
    expect(renamed).toMatchObject({ name: "Each night", consideredUntil: noon, nextRunAt: at("23T02:00:00") });
    const moved = await schedules.update(admin, id, nightly({ name: "Each night", timeOfDay: "14:00" }));
    expect(moved).toMatchObject({ consideredUntil: at("23T12:00:00"), nextRunAt: at("23T13:00:00"), retention: null });
    const paused = await schedules.update(admin, id, nightly({ active: false }));
    expect([paused.nextRunAt, holdfast.alarms.get(id)]).toEqual([null, undefined]);
    holdfast.setClock(at("25T12:00:00"));
    expect(await schedules.update(admin, id, nightly())).toMatchObject({
      ...{ consideredUntil: at("25T12:00:00"), nextRunAt: at("26T02:00:00") },
    });
    await expect(schedules.update(admin, newId<ScheduleId>(), nightly())).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("have names of their own", async () => {
    await schedules.create(admin, nightly());
    const other = await schedules.create(admin, nightly({ name: "Other" }));
    await expect(schedules.create(admin, nightly())).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(schedules.update(admin, other.id, nightly())).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await schedules.find(admin, other.id)).toMatchObject({ name: "Other" });
  });

  it("miss nothing of what passed while they were paused", async () => {
    const { id } = await schedules.create(admin, nightly());
    expect(await schedules.toggle(admin, id, null)).toMatchObject({ active: false, nextRunAt: null });
    expect((await schedules.list(admin)).map((row) => schedules.nextRuns(row, 5))).toEqual([[]]);
    holdfast.setClock(at("25T12:00:00"));
    const resumed = await schedules.toggle(admin, id, true);
    expect(resumed).toMatchObject({ active: true, consideredUntil: at("25T12:00:00"), nextRunAt: at("26T02:00:00") });
    expect(schedules.nextRuns(resumed, 2)).toEqual([at("26T02:00:00"), at("27T02:00:00")]);
    holdfast.setClock(at("27T12:00:00"));
    expect(await schedules.toggle(admin, id, true)).toMatchObject({ consideredUntil: at("25T12:00:00"), nextRunAt: at("26T02:00:00") });
  });

  it("tell what changes as it does, also that one is gone", async () => {
    const { id } = await schedules.create(admin, nightly());
    expect(await heard(() => schedules.toggle(admin, id, false))).toEqual([expect.objectContaining({ id, active: false })]);
    const deletions = await schedules.watchDeletions(admin);
    const next = deletions.next();
    await schedules.remove(admin, id);
    expect(await next).toEqual({ value: id, done: false });
    await deletions.return?.();
    expect(holdfast.alarms.has(id)).toBe(false);
    await expect(schedules.remove(admin, id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("hold on to their sources and their storage", async () => {
    const { sources, storages } = holdfast.app.services;
    const refresh = await schedules.create(admin, nightly({ kind: "RESTORE", name: "To staging", targetSourceId: staging }));
    for (const id of [shop, staging])
      await expect(sources.remove(admin, id)).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("To staging") });
    await schedules.remove(admin, refresh.id);
    const [storage] = await storages.list(admin);
    await schedules.create(admin, nightly({ active: false }));
    await expect(storages.remove(admin, storage?.id as StorageId)).rejects.toMatchObject({
      ...{ code: "CONFLICT", message: expect.stringContaining("Nightly") },
    });
  });

  it("are paused, and say why, when their zone is known no more; choosing another lets them go on", async () => {
    const [{ id }, other] = [await schedules.create(admin, nightly()), await schedules.create(admin, nightly({ name: "Other" }))];
    await holdfast.app.catalog.db.update(table).set({ timeZone: "Mars/Phobos" }).where(eq(table.id, id));
    expect((await schedules.list(admin)).map((row) => schedules.nextRuns(row, 5).length)).toEqual([0, 5]);
    await schedules.pauseUnknownZones();
    const paused = await schedules.find(admin, id);
    expect(paused).toMatchObject({ active: false, nextRunAt: null, pausedReason: expect.stringContaining("Mars/Phobos") });
    expect(holdfast.alarms.has(id)).toBe(false);
    expect(await schedules.find(admin, other.id)).toMatchObject({ active: true, pausedReason: null });
    await expect(schedules.toggle(admin, id, true)).rejects.toMatchObject({ reason: "TIMEZONE_UNKNOWN" });
    expect(await schedules.update(admin, id, nightly())).toMatchObject({ active: true, pausedReason: null, nextRunAt: at("23T02:00:00") });
  });

  it("are previewed and put into words without being made", async () => {
    const request = { frequency: "DAILY", timeOfDay: "02:30", timeZone: "Europe/Berlin" } as const;
    expect((await schedules.preview(admin, request, 2)).map((due) => due.toISOString())).toEqual([
      "2026-11-23T01:30:00.000Z",
      "2026-11-24T01:30:00.000Z",
    ]);
    expect(await schedules.sentence(admin, request)).toBe(
      "Every day at 02:30 (Europe/Berlin). On 28 March 2027 this time does not exist: it runs at 03:00 then. On 31 October 2027 this time comes twice: it runs the first time.",
    );
    for (const count of [0, 101, Number.NaN])
      await expect(schedules.preview(admin, request, count)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    expect(await schedules.preview(admin, request, 100)).toHaveLength(100);
  });

  it("are read by viewers and changed by administrators", async () => {
    const { id } = await schedules.create(admin, nightly());
    const as = (role: "OPERATOR" | "VIEWER"): Actor => ({ kind: "token", id: "1", name: "t", role });
    expect(await schedules.list(as("VIEWER"))).toHaveLength(1);
    for (const [actor, code] of [
      [as("OPERATOR"), "FORBIDDEN"],
      [null, "UNAUTHENTICATED"],
    ] as const)
      for (const attempt of [
        () => schedules.create(actor, nightly({ name: "Other" })),
        () => schedules.update(actor, id, nightly()),
        () => schedules.toggle(actor, id, false),
        () => schedules.remove(actor, id),
      ])
        await expect(attempt()).rejects.toMatchObject({ code });
    await expect(schedules.list(null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(schedules.watchChanges(null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
