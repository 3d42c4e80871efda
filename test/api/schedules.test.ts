import { type ExecutionResult, type GraphQLSchema, graphql } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLoaders } from "../../server/api/loaders.ts";
import { buildApiSchema } from "../../server/api/schema.ts";
import { insertBackup } from "../../server/db/backups.ts";
import { insertRuns } from "../../server/db/schedule-runs.ts";
import { insertSchedule, listSchedules } from "../../server/db/schedules.ts";
import { type BackupId, newId, type ScheduleId, type SourceId, type StorageId } from "../../server/domain/ids.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

const noon = new Date("2026-11-22T12:00:00.000Z");
const before = (minutes: number) => new Date(noon.getTime() - minutes * 60_000);

let holdfast: Wired;
let schema: GraphQLSchema;
let sourceId: SourceId;
let storageId: StorageId;
let asked = 0;
beforeAll(async () => {
  holdfast = await wired(noon);
  schema = await buildApiSchema();
  sourceId = await holdfast.addMedia("shop");
  storageId = (await holdfast.app.services.storages.list(administrator))[0]?.id as StorageId;
  // A query gets a connection at once, or has to wait for one.
  for (const event of ["acquire", "enqueue"] as const) holdfast.app.catalog.pool.pool.on(event, () => (asked += 1));
});
afterAll(() => holdfast?.[Symbol.asyncDispose]());

async function ask(document: string, variables: Record<string, unknown> = {}): Promise<ExecutionResult> {
  const { services, reads } = holdfast.app;
  const contextValue = { actor: administrator, services, loaders: createLoaders(reads), publicUrl: "http://127.0.0.1" };
  return JSON.parse(JSON.stringify(await graphql({ schema, source: document, variableValues: variables, contextValue })));
}

const all = `{ schedules { id name kind frequency timeOfDay dayOfWeek dayOfMonth cron timeZone backupType excludeLogs verifyAfter active
  missedRuns graceMinutes overlap jitterSeconds quietHours { from to } retries restoreMode level pausedReason createdAt
  source { name } targetSource { name } storage { name } compression ownCompression ownStorageId
  retention { days keepLast } ownRetention { days } description health nextRunAt nextRuns(count: 2) lastRunAt lastBackup { name schedule { name } } } }`;

/** Stored schedules that nobody asked for one by one. */
async function store(count: number, from: number): Promise<ScheduleId[]> {
  const { db } = holdfast.app.catalog;
  const [model] = await listSchedules(db);
  if (!model) throw new Error("There is no schedule to copy.");
  const ids = Array.from({ length: count }, () => newId<ScheduleId>());
  for (const [index, id] of ids.entries())
    await insertSchedule(db, { ...model, id, name: `Copy ${from + index}`, kind: "BACKUP", targetSourceId: null });
  return ids;
}

const run = (
  scheduleId: ScheduleId,
  minutesAgo: number,
  state: "COMPLETED" | "FAILED" | "SKIPPED" | "WAITING" | "CANCELLED",
  extra = {},
) => ({
  ...({ id: newId<never>(), scheduleId, dueAt: before(minutesAgo), cause: "DUE", state, notBefore: before(minutesAgo) } as const),
  ...{ createdAt: before(minutesAgo), ...extra },
});

describe("schedules in the API", () => {
  it("say all that there is to them, and what applies where they say nothing", async () => {
    const input = {
      ...{ name: "Refresh", kind: "RESTORE", frequency: "MONTHLY", dayOfMonth: 30, timeOfDay: "02:30", timeZone: "Europe/Berlin" },
      ...{ backupType: "MEDIA", sourceId, targetSourceId: await holdfast.addMedia("staging") },
      ...{ quietHours: { from: "08:00", to: "18:00" }, retries: 0, graceMinutes: 60, jitterSeconds: 30 },
    };
    const made = await ask("mutation ($input: ScheduleInput!) { createSchedule(input: $input) { id } }", { input });
    expect(made.errors).toBeUndefined();
    const { data, errors } = await ask(all);
    expect(errors).toBeUndefined();
    expect(data?.schedules).toEqual([
      {
        ...{
          id: expect.any(String),
          name: "Refresh",
          kind: "RESTORE",
          frequency: "MONTHLY",
          timeOfDay: "02:30",
          dayOfWeek: null,
          dayOfMonth: 30,
        },
        ...{
          cron: null,
          timeZone: "Europe/Berlin",
          backupType: "MEDIA",
          excludeLogs: true,
          verifyAfter: null,
          active: true,
          missedRuns: "RUN_ONCE",
        },
        ...{ graceMinutes: 60, overlap: "WAIT", jitterSeconds: 30, quietHours: { from: "08:00", to: "18:00" }, retries: 0 },
        ...{ restoreMode: "REPLACE", level: null, pausedReason: null, createdAt: noon.toISOString(), source: { name: "shop" } },
        ...{
          targetSource: { name: "staging" },
          storage: { name: "This machine" },
          compression: "ZSTD",
          ownCompression: null,
          ownStorageId: null,
        },
        ...{ retention: { days: 30, keepLast: null }, ownRetention: null, health: "WAITING", lastRunAt: null, lastBackup: null },
        ...{ description: "On day 30 of each month, or its last day, at 02:30 (Europe/Berlin)", nextRunAt: "2026-11-30T01:30:00.000Z" },
        nextRuns: ["2026-11-30T01:30:00.000Z", "2026-12-30T01:30:00.000Z"],
      },
    ]);
  });

  it("preview and put into words what an input would give, and refuse it with a reason", async () => {
    const input = { name: "", frequency: "CRON", cron: "*/15 * * * *", backupType: "FULL" };
    const document =
      "query ($input: ScheduleInput!) { schedulePreview(input: $input, count: 2) scheduleSentence(input: $input) timeZones }";
    const { data } = await ask(document, { input });
    expect(data).toMatchObject({
      ...{ schedulePreview: ["2026-11-22T12:15:00.000Z", "2026-11-22T12:30:00.000Z"], scheduleSentence: "Every 15 minutes (UTC)." },
      timeZones: expect.arrayContaining(["UTC", "Europe/Berlin", "Pacific/Apia"]),
    });
    const { errors } = await ask(document, { input: { ...input, cron: "0 0 31 2 *" } });
    expect(errors?.[0]?.message).toContain("never be due");
  });

  it("tell how they fare by the newest run that tells it, and show the newest backup, each for all in one query", async () => {
    const { db } = holdfast.app.catalog;
    const [good = "", failing = "", missed = "", retrying = "", cancelled = "", waiting = ""] = await store(6, 0);
    const as = (id: string) => id as ScheduleId;
    await insertRuns(db, [
      ...[run(as(good), 1, "COMPLETED"), run(as(good), 2, "FAILED"), run(as(failing), 1, "FAILED"), run(as(failing), 2, "COMPLETED")],
      ...[run(as(missed), 1, "SKIPPED", { reason: "MISSED" }), run(as(missed), 2, "COMPLETED")],
      ...[run(as(retrying), 1, "WAITING", { reason: "RETRY", attempt: 1 }), run(as(retrying), 2, "COMPLETED")],
      ...[run(as(cancelled), 1, "CANCELLED"), run(as(cancelled), 2, "SKIPPED", { reason: "OVERLAP" }), run(as(cancelled), 3, "COMPLETED")],
      run(as(waiting), 1, "WAITING", { reason: "JITTER" }),
    ]);
    for (const [name, minutesAgo, deletedAt] of [
      ["old", 3, null],
      ["newest", 2, null],
      ["deleted", 1, noon],
    ] as const)
      await insertBackup(db, {
        ...{
          id: newId<BackupId>(),
          name,
          type: "MEDIA",
          trigger: "SCHEDULE",
          actor: "schedule",
          sourceId,
          storageId,
          scheduleId: as(good),
        },
        ...{ compression: "ZSTD", compressionLevel: 3, excludeLogs: true, folder: name, artifacts: [], status: "COMPLETED" },
        ...{ createdAt: before(minutesAgo), deletedAt },
      });
    const { data } = await ask("{ schedules { name health lastBackup { name } } }");
    const rows = data?.schedules as { name: string; health: string; lastBackup: unknown }[] | undefined;
    const found = rows?.filter(({ name }) => name !== "Refresh") ?? [];
    expect(found.map(({ health }) => health)).toEqual(["GOOD", "FAILING", "MISSED", "FAILING", "GOOD", "WAITING"]);
    expect(found[0]?.lastBackup).toEqual({ name: "newest" });
    const page = await ask("query ($id: ID!) { backups(filter: { scheduleId: $id }) { totalCount nodes { name schedule { name } } } }", {
      id: good,
    });
    expect(page.data?.backups).toEqual({
      totalCount: 2,
      nodes: ["newest", "old"].map((name) => ({ name, schedule: { name: "Copy 0" } })),
    });
  });

  it("are read with as many queries whether there are seven or a hundred", async () => {
    const count = async () => {
      const from = asked;
      expect((await ask(all)).errors).toBeUndefined();
      return asked - from;
    };
    const few = await count();
    expect(few).toBeGreaterThan(5);
    await store(100, 100);
    // What goes on beside it asks now and then; a query for each schedule would be a hundred more.
    expect((await count()) - few).toBeLessThan(50);
  });
});
