import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BackupId, newId, type SourceId } from "../../server/domain/ids.ts";
import type { Cleanups } from "../../server/services/cleanups.ts";
import { type AgedBackups, administrator, agedBackups } from "../support/aged-backups.ts";

let aged: AgedBackups;
let cleanups: Cleanups;
let sourceId: SourceId;
let number = 0;
beforeAll(async () => {
  aged = await agedBackups();
  aged.chosen.settings = { retentionDays: 30 };
  cleanups = aged.cleanupsWith();
});
afterAll(() => aged?.[Symbol.asyncDispose]());
beforeEach(async () => {
  number += 1;
  sourceId = await aged.source(`Shop ${number}`);
});

const cleanup = (options: { dryRun?: boolean; force?: boolean } = {}) =>
  cleanups.cleanup(administrator, { dryRun: false, ...options }, "CLI");
/** Which of these still have files. */
const stored = (ids: readonly string[]) => aged.storedOf(sourceId, ids);
const aging = (...days: readonly number[]) => aged.aging(sourceId, days);

describe("cleanup, when the clock jumps", () => {
  const year = 365 * 24 * 3_600_000;
  const follow = () => cleanups.follow({ kind: "BACKUP", id: newId<BackupId>() });
  const jump = (milliseconds: number) => {
    aged.clock.at = new Date(aged.clock.at.getTime() + milliseconds);
  };

  it.each([
    ["back by an hour", -3_600_000],
    ["ahead by a day", 24 * 3_600_000],
    ["to 2100", 74 * year],
  ])("%s: waits for a day, and says why", async (_, milliseconds) => {
    const ids = await aging(1, 20, 40);
    await cleanups.upkeep();
    aged.queued.length = 0;
    jump(milliseconds);
    await cleanups.upkeep();
    await follow();
    expect(aged.queued).toEqual([]);
    expect((await cleanups.preview(administrator, {})).pausedReason).toMatch(
      /^(The clock of this machine|A backup lies 60 minutes in the future)/,
    );
    await expect(cleanup()).rejects.toMatchObject({ code: "CONFLICT", reason: "CLOCK", hint: expect.stringContaining("--force") });
    expect((await cleanup({ dryRun: true })).dryRun).toBe(true);
    expect(await stored(ids)).toEqual(ids);
    jump(-milliseconds);
    // Steady for a day, as the upkeep sees it.
    for (let each = 0; each < 25; each += 1) {
      await cleanups.upkeep();
      aged.pass(3_600_000);
    }
    await cleanups.upkeep();
    expect((await cleanups.preview(administrator, {})).pausedReason).toBeNull();
    await cleanup();
    expect(await stored(ids)).toEqual(ids.slice(0, 2));
  });

  it("goes on when an administrator says so, also by force this once, and writes that down", async () => {
    const ids = await aging(1, 40);
    await cleanups.upkeep();
    jump(48 * 3_600_000);
    await cleanup({ force: true });
    expect(await stored(ids)).toEqual(ids.slice(0, 1));
    await expect(cleanup()).rejects.toMatchObject({ reason: "CLOCK" });
    expect(await cleanups.resume(administrator)).toBe(true);
    expect(await cleanups.resume(administrator)).toBe(false);
    await cleanup();
    const { nodes } = await aged.audit.page(administrator, 5, null);
    expect(nodes.map(({ action }) => action)).toContain("cleanup.resume");
    jump(-48 * 3_600_000);
    await cleanups.resume(administrator);
  });

  it("waits while a backup lies in the future, and a process that begins later knows of the pause", async () => {
    const future = await aged.backup(sourceId, -2);
    await cleanups.upkeep();
    expect((await aged.cleanupsWith().preview(administrator, {})).pausedReason).toMatch(/A backup lies 48 hours in the future/);
    await expect(aged.cleanupsWith().cleanup(administrator, { dryRun: false }, "CLI")).rejects.toMatchObject({ reason: "CLOCK" });
    await cleanups.resume(administrator);
    await cleanup();
    expect(await stored([future])).toEqual([future]);
  });
});
