import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type ExecutionResult, type GraphQLSchema, graphql } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLoaders } from "../../server/api/loaders.ts";
import { buildApiSchema } from "../../server/api/schema.ts";
import type { Actor } from "../../server/domain/access.ts";
import type { SourceId } from "../../server/domain/ids.ts";
import { directoryOf } from "../../server/domain/storage.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

const start = new Date("2026-08-01T03:00:00.000Z");
let holdfast: Wired;
let schema: GraphQLSchema;
let sourceId: SourceId;
beforeAll(async () => {
  holdfast = await wired(start);
  schema = await buildApiSchema();
  sourceId = await holdfast.addMedia("shop");
});
afterAll(() => holdfast?.[Symbol.asyncDispose]());

async function ask(source: string, variableValues: Record<string, unknown> = {}, actor: Actor = administrator): Promise<ExecutionResult> {
  const { services, reads } = holdfast.app;
  const contextValue = { actor, services, loaders: createLoaders(reads), publicUrl: "http://127.0.0.1" };
  return JSON.parse(JSON.stringify(await graphql({ schema, source, variableValues, contextValue })));
}

/** A real backup, taken at this instant of the wall clock; what follows from it has happened. */
async function takeBackup(day: number): Promise<string> {
  holdfast.setClock(new Date(start.getTime() + day * 86_400_000));
  await holdfast.app.services.cleanups.resume(administrator);
  const { id } = await holdfast.app.services.backups.create(administrator, { type: "MEDIA", sourceId, name: `Day ${day}` }, "MANUAL");
  await holdfast.performAll();
  return id;
}
const folders = () => readdir(join(holdfast.home, "backups", "shop"));

describe("cleanup in the API", () => {
  it("shows what would go and why, tries other limits, removes it, and remembers", async () => {
    await holdfast.app.services.settings.update(administrator, { autoCleanup: false });
    const [first, second, third] = [await takeBackup(0), await takeBackup(20), await takeBackup(40)];
    const preview = `query($r: RetentionInput) { retentionPreview(retention: $r) { keptCount removedCount freedBytes pausedReason
      verdicts { keep reasons explanation expiresAt backup { id name source { name } } } } }`;
    const tried = await ask(preview, { r: { keepLast: 1 } });
    expect(tried).toMatchObject({ data: { retentionPreview: { keptCount: 1, removedCount: 2 } } });
    const shown = await ask(preview);
    expect(shown.data?.retentionPreview).toMatchObject({
      ...{ keptCount: 2, removedCount: 1 },
      verdicts: [
        {
          keep: true,
          reasons: ["NEWEST_GOOD", "DAYS"],
          expiresAt: "2026-10-10T03:00:00.000Z",
          backup: { id: third, source: { name: "shop" } },
        },
        { keep: true, reasons: ["DAYS"], explanation: "Kept until 20 September 2026: 30 days.", backup: { id: second } },
        { keep: false, reasons: ["EXPIRED"], explanation: "Goes: older than 30 days, and no other limit keeps it.", expiresAt: null },
      ],
    });
    expect(await ask("{ backups { nodes { name expiresAt deletionProblem } } }")).toEqual({
      data: {
        backups: {
          nodes: [
            { name: "Day 40", expiresAt: "2026-10-10T03:00:00.000Z", deletionProblem: null },
            { name: "Day 20", expiresAt: "2026-09-20T03:00:00.000Z", deletionProblem: null },
            { name: "Day 0", expiresAt: null, deletionProblem: null },
          ],
        },
      },
    });
    holdfast.setClock(new Date(holdfast.now().getTime() + 2 * 3_600_000));
    expect((await ask("mutation { cleanupBackups { dryRun } }")).errors?.[0]?.message).toMatch(/jumped ahead/);
    expect(await ask("mutation { resumeCleanup }")).toEqual({ data: { resumeCleanup: true } });
    // What is written down after this is later than what was before.
    holdfast.setClock(new Date(holdfast.now().getTime() + 1000));
    const clean =
      "mutation($dry: Boolean) { cleanupBackups(dryRun: $dry) { dryRun freedBytes kept backups { id } removed { id reason } refused { id } } }";
    const dry = await ask(clean, { dry: true });
    expect(await folders()).toHaveLength(3);
    const real = await ask(clean, { dry: false });
    expect(real.data?.cleanupBackups).toEqual({ ...(dry.data?.cleanupBackups as object), dryRun: false });
    expect(real.data?.cleanupBackups).toMatchObject({ kept: 2, backups: [{ id: first }], removed: [{ id: first, reason: "EXPIRED" }] });
    expect(await folders()).toHaveLength(2);
    expect(
      await ask(
        "{ cleanups { totalCount nodes { kind status trigger removedCount kept removed { name source createdAt } log { message } } } }",
      ),
    ).toMatchObject({
      data: {
        cleanups: {
          totalCount: 1,
          nodes: [
            {
              ...{ kind: "CLEANUP", status: "COMPLETED", trigger: "MANUAL", removedCount: 1, kept: 2 },
              removed: [{ name: "Day 0", source: "shop", createdAt: "2026-08-01T03:00:00.000Z" }],
              log: [{ message: "3 backups looked at, 1 to remove." }, { message: expect.stringContaining("Removed Day 0 (shop)") }],
            },
          ],
        },
      },
    });
    const { data } = await ask("{ auditLog(first: 1) { nodes { at actor action details } totalCount pageInfo { hasNextPage } } }");
    expect(data).toMatchObject({ auditLog: { nodes: [{ actor: "ada@example.org", action: "cleanup", details: { removed: 1 } }] } });
  });

  it("follows each backup by itself, and keeps a storage under its cap", async () => {
    await holdfast.app.services.settings.update(administrator, { autoCleanup: true });
    const [storage] = await holdfast.app.services.storages.list(administrator);
    const input = { name: "Here", kind: "LOCAL", local: { directory: storage && directoryOf(storage) } };
    const save = "mutation($id: ID!, $input: StorageInput!) { updateStorage(id: $id, input: $input) { name sizeCapBytes } }";
    expect((await ask(save, { id: storage?.id, input: { ...input, sizeCapBytes: 5 } })).errors?.[0]?.message).toMatch(/cap is at least/);
    await ask(save, { id: storage?.id, input: { ...input, sizeCapBytes: 1_000_000 } });
    expect(await ask(save, { id: storage?.id, input })).toEqual({ data: { updateStorage: { name: "Here", sizeCapBytes: 1_000_000 } } });
    await takeBackup(51);
    const { data } = await ask("{ cleanups(first: 1) { nodes { status actor trigger removed { name reason } } } }");
    expect(data).toMatchObject({
      cleanups: {
        nodes: [
          { status: "COMPLETED", actor: "cleanup after a backup", trigger: "SCHEDULE", removed: [{ name: "Day 20", reason: "EXPIRED" }] },
        ],
      },
    });
  });

  it("refuses limits that would keep nothing, and who may not", async () => {
    const viewer: Actor = { kind: "token", id: "1", name: "eyes", role: "VIEWER" };
    const codeOf = async (source: string, actor: Actor = administrator) => (await ask(source, {}, actor)).errors?.[0]?.message;
    expect(await codeOf("mutation { cleanupBackups(days: 0, dryRun: true) { dryRun } }")).toMatch(/whole number from 1/);
    expect(await codeOf("{ retentionPreview(retention: {}) { keptCount } }")).toMatch(/no limit at all/);
    expect(await codeOf("{ retentionPreview { keptCount } }", viewer)).toBeUndefined();
    for (const forbidden of [
      "mutation { cleanupBackups(dryRun: true) { dryRun } }",
      "mutation { resumeCleanup }",
      "{ auditLog { totalCount } }",
    ])
      expect(await codeOf(forbidden, viewer)).toMatch(/needs the role admin/);
  });
});
