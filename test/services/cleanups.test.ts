import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SourceId } from "../../server/domain/ids.ts";
import type { Cleanups } from "../../server/services/cleanups.ts";
import { administrator, type KeptBackups, keptBackups } from "../support/kept-backups.ts";

let kept: KeptBackups;
let cleanups: Cleanups;
let sourceId: SourceId;
let number = 0;
beforeAll(async () => {
  kept = await keptBackups();
  cleanups = kept.cleanupsWith();
});
afterAll(() => kept?.[Symbol.asyncDispose]());
beforeEach(async () => {
  kept.chosen.settings = { retentionDays: 30 };
  kept.chosen.storage = (storage) => storage;
  number += 1;
  sourceId = await kept.source(`Shop ${number}`);
});

const cleanup = (options: { days?: number; dryRun?: boolean; force?: boolean } = {}) =>
  cleanups.cleanup(administrator, { dryRun: false, ...options }, "CLI");
const there = async (ids: readonly string[]) => (await kept.stored(sourceId)).filter((id) => ids.includes(id)).sort();

describe("cleanup", () => {
  it("removes exactly what its dry run and its preview say, files and all, and then has nothing more to do", async () => {
    const ids = [];
    for (const days of [1, 20, 29, 31, 45]) ids.push(await kept.backup(sourceId, days));
    const preview = await cleanups.preview(administrator, { sourceId });
    const dry = await cleanup({ dryRun: true });
    expect(await there(ids)).toHaveLength(5);
    expect(dry.removed.map(({ id }) => id).sort()).toEqual(ids.slice(3).sort());
    expect(preview.verdicts.filter(({ keep }) => !keep).map(({ backup }) => backup.id)).toEqual(ids.slice(3));
    const real = await cleanup();
    expect({ ...real, dryRun: true, cleanupId: null, backups: [] }).toEqual({ ...dry, backups: [] });
    expect(real.backups.map(({ id }) => id)).toEqual(dry.backups.map(({ id }) => id));
    expect(real).toMatchObject({ freedBytes: 200, kept: 3 });
    expect(await there(ids)).toEqual(ids.slice(0, 3).sort());
    expect((await cleanup()).removed).toEqual([]);
    expect((await cleanups.page(administrator, 2, null)).nodes[1]).toMatchObject({ status: "COMPLETED", removedCount: 2, freedBytes: 200 });
  });
});
