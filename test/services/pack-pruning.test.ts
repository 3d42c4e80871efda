import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findBackup } from "../../server/db/backups.ts";
import { noteDuePlaces } from "../../server/db/unneeded-packs.ts";
import { type BackupId, newId, type SourceId } from "../../server/domain/ids.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { createPackPruning } from "../../server/services/pack-pruning.ts";
import { createPackTurns } from "../../server/services/pack-turns.ts";
import { type AgedBackups, agedBackups } from "../support/aged-backups.ts";
import { packedBackups, packOf } from "../support/packed-backups.ts";

let aged: AgedBackups;
let packed: ReturnType<typeof packedBackups>;
let sourceId: SourceId;
beforeAll(async () => {
  aged = await agedBackups();
  packed = packedBackups(aged);
});
afterAll(() => aged?.[Symbol.asyncDispose]());
beforeEach(async () => {
  aged.chosen.storage = (storage) => storage;
  aged.problems.splice(0);
  sourceId = await aged.source(`Shop ${aged.now().toISOString()}`);
  aged.pass(1000);
});

const place = () => ({ sourceId, storageId: aged.storageId, folder: `${sourceId.slice(0, 8)}/packs` });
const onError = (error: unknown) => void aged.problems.push(error);
/** Another process of the same Holdfast. */
const pruning = (storage: (inner: Storage) => Storage = (inner) => inner) =>
  createPackPruning({
    ...{ catalog: aged.db, now: aged.now, onError, say: () => {}, storages: { open: async () => storage(aged.opened()) } },
    turns: createPackTurns({ catalog: aged.db, now: aged.now, onError }),
  });
async function remove(id: BackupId): Promise<void> {
  await aged.deletions.erase(await aged.deletions.begin({ id, sourceId }, async () => null));
  await aged.deletions.tidy();
}
/** A storage that fails at the `call`-th removal of a pack, as if the process were gone from there on. */
const dyingAt = (call: number) => (inner: Storage) => {
  let calls = 0;
  return {
    ...inner,
    async remove(name: string) {
      if (name.includes("/packs/") && ++calls >= call) throw new Error("The process is gone.");
      await inner.remove(name);
    },
  };
};

describe("deleting incremental backups", () => {
  it.each([
    ["oldest first", [0, 1, 2, 3, 4]],
    ["newest first", [4, 3, 2, 1, 0]],
    ["from the middle", [2, 0, 4, 1, 3]],
  ])("%s removes what no other needs, and counts each pack once", async (_, order) => {
    const taken: Awaited<ReturnType<typeof packed.backup>>[] = [];
    for (let each = 0; each < 5; each += 1)
      taken.push(await packed.backup(sourceId, 10 - each, { reuses: taken.slice(-2).map(({ packs }) => packs[0] ?? ""), brings: 2 }));
    const needs = taken.map(({ packs }, at) => [...packs, ...taken.slice(Math.max(0, at - 2), at).map((one) => one.packs[0] ?? "")]);
    const left = new Set(taken.keys());
    for (const at of order) {
      await remove(taken[at]?.id as BackupId);
      left.delete(at);
      const named = [...new Set([...left].flatMap((one) => needs[one] ?? []))].toSorted();
      expect(await packed.packs(sourceId)).toEqual(named);
      const rows = await Promise.all([...left].map((one) => findBackup(aged.db, taken[one]?.id as BackupId)));
      expect(rows.reduce((sum, row) => sum + (row?.countedSize ?? 0), 0)).toBe(named.length * 1000 + left.size * 10);
    }
    expect(aged.problems).toEqual([]);
  });

  it("keeps what a manifest names that this catalog does not know, and all where one cannot be understood", async () => {
    const [first, second] = [await packed.backup(sourceId, 2), await packed.backup(sourceId, 1)];
    const stranger = await packed.backup(sourceId, 3, { reuses: first.packs, stranger: true });
    await remove(first.id);
    expect(await packed.packs(sourceId)).toEqual([...first.packs, ...second.packs, ...stranger.packs].toSorted());

    const manifest = join(aged.storage, stranger.folder, "manifest.json");
    await writeFile(manifest, "{}");
    await remove(second.id);
    expect(await packed.packs(sourceId)).toEqual([...first.packs, ...second.packs, ...stranger.packs].toSorted());
    expect(String(aged.problems)).toContain("not valid");

    await rm(manifest);
    aged.pass(3_600_000);
    await aged.deletions.tidy();
    // Whose it was, this catalog cannot tell: it might be of a backup that is being taken elsewhere.
    expect(await packed.packs(sourceId)).toEqual(stranger.packs);
    aged.pass(7 * 86_400_000);
    await aged.deletions.tidy();
    expect(await packed.packs(sourceId)).toEqual([]);
  });
});

describe("packs that no manifest names", () => {
  it("stay while a backup of the source runs, and go when it has ended without one", async () => {
    const other = await packed.backup(sourceId, 1);
    const id = await packed.running(sourceId);
    await packed.pack(sourceId, packOf(id, 1));
    await noteDuePlaces(aged.db, [place()], id);
    await remove(other.id);
    expect(await packed.packs(sourceId)).toEqual([packOf(id, 1), ...other.packs].toSorted());
    await aged.operations.settleInterrupted(async () => null);
    await aged.deletions.tidy();
    expect(await packed.packs(sourceId)).toEqual([]);
  });

  it.each([1, 2, 3])("are gone in the end, and none that is named, when the process dies at the removal %i", async (call) => {
    const [first, second] = [await packed.backup(sourceId, 2, { brings: 3 }), await packed.backup(sourceId, 1)];
    aged.chosen.storage = dyingAt(call);
    await remove(first.id);
    expect((await packed.packs(sourceId)).length).toBe(5 - call);
    aged.chosen.storage = (storage) => storage;
    aged.pass(3_600_000);
    await pruning().pruneDue();
    expect(await packed.packs(sourceId)).toEqual(second.packs);
  });

  it("are removed by one process at a time, and who writes manifests waits until that is over", async () => {
    const [gone, kept] = [await packed.backup(sourceId, 2, { brings: 2 }), await packed.backup(sourceId, 1)];
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let removals = 0;
    const slow = (inner: Storage) => ({
      ...inner,
      async remove(name: string) {
        removals += 1;
        reached.resolve();
        await goOn.promise;
        await inner.remove(name);
      },
    });
    await aged.deletions.erase(await aged.deletions.begin({ id: gone.id, sourceId }, async () => null));
    const one = pruning(slow).pruneDue();
    await reached.promise;
    await pruning(slow).pruneDue();
    expect(removals).toBe(1);
    let began = false;
    const begin = pruning()
      .begin(place(), [aged.storageId], newId(), new AbortController().signal)
      .then(() => {
        began = true;
      });
    await aged.operations.settleInterrupted(async () => null);
    expect(began).toBe(false);
    goOn.resolve();
    await one;
    await begin;
    expect(await packed.packs(sourceId)).toEqual(kept.packs);
    expect(removals).toBe(2);
  });
});
