import { randomBytes } from "node:crypto";
import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBackup, findManifests } from "../../server/db/backups.ts";
import { listCopiesOf } from "../../server/db/copies.ts";
import { backups } from "../../server/db/schema/index.ts";
import type { BackupId, StorageId } from "../../server/domain/ids.ts";
import { manifestName } from "../../server/domain/naming.ts";
import { filesOfBackup } from "../../server/engine/backup-files.ts";
import { checkPacks } from "../../server/engine/media/incremental/check.ts";
import { localStorage } from "../../server/engine/storage/local.ts";
import { contentOf } from "../../server/engine/stored-content.ts";
import { killAt, type StorageStop } from "../support/crashing.ts";
import { cut, full, stall } from "../support/faulty-storage.ts";
import { type SeveralStorages, severalStorages } from "../support/several-storages.ts";
import { administrator } from "../support/wired.ts";

let two: SeveralStorages;
let first: BackupId;
/** What each backup was taken of. */
const taken = new Map<BackupId, Buffer>();
beforeAll(async () => {
  two = await severalStorages(new Date());
  first = await begun();
  await two.services.backups.perform(first);
  await settled();
});
afterAll(() => two?.[Symbol.asyncDispose]());

const changing = () => join(two.app.home, "media/shop/one.txt");

/** An incremental backup that waits, of a file of so many bytes that has changed since the one before; to both storages unless told. */
async function begun(bytes = 100_000, storageIds: readonly StorageId[] = [two.near, two.far]): Promise<BackupId> {
  const { services, sourceId } = two;
  await writeFile(changing(), randomBytes(bytes));
  const request = { type: "MEDIA", sourceId, storageIds, mediaMode: "INCREMENTAL" } as const;
  const { id } = await services.backups.create(administrator, request, "MANUAL");
  two.app.forgetWaiting();
  taken.set(id, await readFile(changing()));
  return id;
}
/** What a start does, and all that follows from it. */
async function settled(): Promise<void> {
  await two.app.app.upkeep.perform();
  await two.app.performAll();
}
const on = (where: "Near" | "Far", stop: Omit<StorageStop, "id">): StorageStop => ({ id: where === "Near" ? two.near : two.far, ...stop });
const killed = (work: "backup" | "delete", id: BackupId, storage: StorageStop, there?: (reached: Promise<void>) => Promise<void>) =>
  killAt({ home: two.app.home, url: two.app.url, work, id, storage }, there);
const packsOn = async (id: StorageId) => (await two.files(id)).filter((name) => name.includes("/packs/")).toSorted();

/** Every backup that is said to lie on a storage is whole there, by all of its bytes; nothing else lies there. */
async function holds(): Promise<void> {
  for (const storageId of [two.near, two.far]) {
    const where = storageId === two.near ? "Near" : "Far";
    const storage = localStorage(join(two.folder, where));
    const needed = new Set<string>();
    for (const [id, content] of taken) {
      const row = await findBackup(two.db, id);
      const there = (await listCopiesOf(two.db, id)).some((copy) => copy.storageId === storageId && copy.state === "STORED");
      if (row?.status !== "COMPLETED" || row.deletedAt !== null || !there) continue;
      const [found] = await findManifests(two.db, [id]);
      if (!found) throw new Error(`There is no manifest of ${id}`);
      const stored = { storage, folder: row.folder, manifest: found.manifest };
      expect(await checkPacks(stored, new AbortController().signal, () => {})).toEqual([]);
      const pieces: Uint8Array[] = [];
      for await (const entry of contentOf(stored).media?.entries(null, new AbortController().signal) ?? [])
        for await (const piece of entry.body) pieces.push(Buffer.from(piece));
      expect(Buffer.concat(pieces).equals(content), `${id} on ${where}`).toBe(true);
      for (const { name } of filesOfBackup(found.manifest, row.folder)) needed.add(name);
      needed.add(`${row.folder}/${manifestName}`);
    }
    expect((await two.files(storageId)).toSorted(), where).toEqual([...needed].toSorted());
  }
}
const copiesOf = (id: BackupId) => two.copies(id);
const isThere = (storageId: StorageId, name: string) =>
  access(two.path(storageId, name)).then(
    () => true,
    () => false,
  );

describe("a worker killed in an incremental backup to two storages", () => {
  it("before its manifests leaves nothing of it, its packs neither, and the others whole", async () => {
    const id = await begun();
    await killed("backup", id, on("Near", { at: "put", name: "manifest", when: "before" }));
    const brought = [...(await packsOn(two.near)), ...(await packsOn(two.far))].filter((name) => name.includes(id.slice(0, 8)));
    expect(brought).toHaveLength(2);
    await settled();
    expect(await findBackup(two.db, id)).toMatchObject({ status: "FAILED", errorCode: "INTERRUPTED" });
    await holds();
  });

  it("between its two manifests leaves it complete on the one, and brings it to the other", async () => {
    const id = await begun();
    const manifest = `${(await findBackup(two.db, id))?.folder}/${manifestName}`;
    await killed("backup", id, on("Far", { at: "put", name: "manifest", when: "before" }), async (reached) => {
      await reached;
      await expect.poll(() => isThere(two.near, manifest), { timeout: 10_000, interval: 20 }).toBe(true);
    });
    await settled();
    expect(await copiesOf(id)).toBe("Near STORED, Far STORED");
    await holds();
  });

  it("while it removes packs that nobody needs any more lets the next one begin at once, and go on with it", async () => {
    const id = await begun();
    await two.services.backups.perform(id);
    const own = (await packsOn(two.far)).filter((name) => name.includes(id.slice(0, 8)));
    await killed("delete", id, on("Far", { at: "remove", name: "/packs/", when: "before" }));
    expect(await packsOn(two.far)).toEqual(expect.arrayContaining(own));
    const next = await begun();
    await two.services.backups.perform(next);
    expect(await copiesOf(next)).toBe("Near STORED, Far STORED");
    await settled();
    expect(await packsOn(two.far)).not.toEqual(expect.arrayContaining(own));
    await holds();
  });
});

describe("an incremental backup of two packs, of which a storage has no room for the second", () => {
  const twoPacks = 60 * 1024 * 1024;
  const noRoomForSecond = (id: BackupId) =>
    ({ at: "put", name: new RegExp(`packs/${id.slice(0, 8)}`), call: 2, does: full(1000) }) as const;

  it("is whole on the other storage, and is brought to this one when it has room", async () => {
    const id = await begun(twoPacks);
    two.breaks(two.far, noRoomForSecond(id));
    await two.services.backups.perform(id);
    expect(await copiesOf(id)).toBe("Near STORED, Far FAILED: The storage is full.");
    two.breaks(two.far);
    two.pass(10 * 60_000);
    await settled();
    expect(await copiesOf(id)).toBe("Near STORED, Far STORED");
    await holds();
  });

  it("fails where it has no other, leaves neither pack, and the next one brings both", async () => {
    const id = await begun(twoPacks, [two.near]);
    two.breaks(two.near, noRoomForSecond(id));
    await two.services.backups.perform(id);
    expect(await findBackup(two.db, id)).toMatchObject({ status: "FAILED", errorCode: "STORAGE_FULL" });
    two.breaks(two.near);
    await settled();
    await holds();
    const next = await begun(twoPacks, [two.near]);
    await two.services.backups.perform(next);
    expect((await packsOn(two.near)).filter((name) => name.includes(next.slice(0, 8)))).toHaveLength(2);
    await holds();
  });
});

describe("incremental backups of one source at once", () => {
  it("are each whole when a storage drops out of the one while the other writes to it, and what is missing is brought there later", async () => {
    await two.services.settings.update(administrator, { concurrency: 4, concurrencyPerSource: 2 });
    const [one, other] = [await begun(), await begun()];
    taken.set(one, await readFile(changing()));
    const packsIn = (id: BackupId) => new RegExp(`packs/${id.slice(0, 8)}`);
    two.breaks(two.far, { at: "put", name: packsIn(one), does: stall(1) }, { at: "put", name: packsIn(other), does: cut(1000) });
    const first = two.services.backups.perform(one);
    await two.adapter(two.far)?.stalled();
    await two.services.backups.perform(other);
    expect(await copiesOf(other)).toBe("Near STORED, Far FAILED: The connection was lost.");
    two.adapter(two.far)?.release();
    await first;
    expect(await copiesOf(one)).toBe("Near STORED, Far STORED");
    await holds();
    two.breaks(two.far);
    two.pass(10 * 60_000);
    await settled();
    expect(await copiesOf(other)).toBe("Near STORED, Far STORED");
    await holds();
  });

  it("that was taken over by another worker, and pruned, writes no manifest", async () => {
    const id = await begun();
    two.breaks(two.near, { at: "put", name: /media\.chunks/, does: stall() });
    const performing = two.services.backups.perform(id);
    await two.adapter(two.near)?.stalled();
    await two.db.update(backups).set({ status: "FAILED", worker: null, leaseUntil: null }).where(eq(backups.id, id));
    await two.app.app.upkeep.perform();
    expect((await packsOn(two.near)).filter((name) => name.includes(id.slice(0, 8)))).toEqual([]);
    two.adapter(two.near)?.release();
    await performing;
    two.breaks(two.near);
    await settled();
    expect((await findBackup(two.db, id))?.status).toBe("FAILED");
    await holds();
  });
});
