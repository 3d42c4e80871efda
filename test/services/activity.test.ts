import { afterAll, beforeAll, expect, it } from "vitest";
import { insertCleanup } from "../../server/db/cleanups.ts";
import { type CleanupId, newId } from "../../server/domain/ids.ts";
import { createActivity } from "../../server/services/activity.ts";
import { type AgedBackups, administrator, agedBackups } from "../support/aged-backups.ts";

let aged: AgedBackups;
beforeAll(async () => {
  aged = await agedBackups();
});
afterAll(() => aged?.[Symbol.asyncDispose]());

it("lists every kind of operation once, newest first, however many a page holds", async () => {
  const sourceId = await aged.source("Shop");
  const ids: string[] = [];
  // Many of one moment too: a page may end among them.
  for (const days of [5, 4, 3, 3, 3, 2, 1]) ids.push(await aged.backup(sourceId, days, days === 4 ? { status: "FAILED" } : {}));
  const [oldest] = ids;
  ids.push(await aged.verified(oldest as Parameters<AgedBackups["verified"]>[0], false));
  const cleanup = newId<CleanupId>();
  const createdAt = new Date(aged.now().getTime() - 3 * 86_400_000);
  await insertCleanup(aged.db, { id: cleanup, trigger: "SCHEDULE", actor: "daily cleanup", status: "COMPLETED", createdAt });
  ids.push(cleanup);

  const activity = createActivity({ db: aged.db });
  const whole = await activity.page(administrator, 200, null);
  expect(whole.nodes.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(whole.nodes.map((one) => one.createdAt)).toEqual(
    whole.nodes.map((one) => one.createdAt).toSorted((a, b) => b.getTime() - a.getTime()),
  );
  expect(whole.nodes[0]).toMatchObject({ kind: "VERIFICATION", name: "5 days old", sourceName: "Shop", passed: false, backupId: oldest });
  for (const size of [1, 2, 4]) {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await activity.page(administrator, size, after);
      seen.push(...page.nodes.map(({ id }) => id));
      expect([page.totalCount, page.nodes.length <= size]).toEqual([ids.length, true]);
      after = page.hasNextPage ? page.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(whole.nodes.map(({ id }) => id));
  }
  await expect(activity.page(null, 10, null)).rejects.toThrow();
});
