import { rm, writeFile } from "node:fs/promises";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listCopiesOf } from "../../server/db/copies.ts";
import { backups } from "../../server/db/schema/index.ts";
import type { BackupId, StorageId } from "../../server/domain/ids.ts";
import { cut, fails, full } from "../support/faulty-storage.ts";
import { type SeveralStorages, severalStorages } from "../support/several-storages.ts";
import { administrator } from "../support/wired.ts";

let two: SeveralStorages;
let near: StorageId;
let far: StorageId;
beforeAll(async () => {
  two = await severalStorages();
  ({ near, far } = two);
});
afterAll(() => two?.[Symbol.asyncDispose]());
beforeEach(async () => {
  two.breaks(near);
  two.breaks(far);
  two.pass(60_000);
});

const minute = 60_000;
const folderOf = async (id: BackupId) => (await two.existing(id))?.folder ?? "";
const filesOf = async (id: BackupId, storageId: StorageId) => {
  const folder = await folderOf(id);
  return (await two.files(storageId)).filter((name) => name.startsWith(`${folder}/`));
};
/** What a verification by checksum says, and where it read. */
async function verified(id: BackupId): Promise<{ passed: boolean | null; log: string[] }> {
  const verification = await two.services.verifications.create(administrator, id, "CHECKSUM");
  await two.app.performAll();
  const row = await two.services.verifications.find(administrator, verification.id);
  return { passed: row?.passed ?? null, log: await two.log(verification.id as unknown as BackupId) };
}

describe("a backup on two storages", () => {
  it("is written to both, byte for byte the same, and says so", async () => {
    const id = await two.take();
    expect(await two.existing(id)).toMatchObject({ status: "COMPLETED", storageId: near, warnings: [] });
    expect(await two.copies(id)).toBe("Near STORED, Far STORED");
    const names = await filesOf(id, near);
    expect(names.length).toBeGreaterThan(2);
    expect(await filesOf(id, far)).toEqual(names);
    for (const name of names) expect(await two.bytes(far, name)).toEqual(await two.bytes(near, name));
  });

  it("is complete with a warning where one of them fails, and is made up for by itself, later and later, until it lies there too", async () => {
    two.breaks(far, { at: "put", name: /manifest/, does: fails() });
    const id = await two.take();
    expect(await two.existing(id)).toMatchObject({ status: "COMPLETED", warnings: ["It is not on Far: The storage does not answer."] });
    expect(await two.copies(id)).toBe("Near STORED, Far FAILED: The storage does not answer.");
    expect(await filesOf(id, far)).toEqual([]);
    expect(await two.log(id)).toContain("WARN The backup goes on without Far: The storage does not answer.");

    const waits: number[] = [];
    for (let each = 0; each < 3; each += 1) {
      const { retryAt } = (await two.copyOf(id, far)) ?? {};
      waits.push(((retryAt?.getTime() ?? 0) - two.app.now().getTime()) / minute);
      await two.app.app.upkeep.perform();
      await two.app.performAll();
      expect((await two.copyOf(id, far))?.retryAt).toEqual(retryAt);
      two.app.setClock(retryAt ?? two.app.now());
      await two.app.app.upkeep.perform();
      await two.app.performAll();
    }
    expect(waits).toEqual([10, 20, 40]);
    two.breaks(far);
    two.pass(80 * minute);
    await two.app.app.upkeep.perform();
    await two.app.performAll();
    expect(await two.copies(id)).toBe("Near STORED, Far STORED");
    expect(await two.existing(id)).toMatchObject({ warnings: [], storageId: near });
    expect(await filesOf(id, far)).toEqual(await filesOf(id, near));
  });

  it("is read first from the one that has it, when the first fails", async () => {
    two.breaks(near, { at: "put", name: /media\.tar/, does: cut(3) });
    const id = await two.take();
    expect(await two.existing(id)).toMatchObject({ status: "COMPLETED", storageId: far });
    expect(await two.copies(id)).toMatch(/^Near FAILED: .*, Far STORED$/);
    expect((await verified(id)).log).toContain("INFO It is read from Far.");
  });

  it("fails with the failure of the first, when both do, and leaves nothing on either", async () => {
    two.breaks(near, { at: "put", does: full(5) });
    two.breaks(far, { at: "put", does: fails() });
    const id = await two.take();
    expect(await two.existing(id)).toMatchObject({ status: "FAILED", errorCode: "STORAGE_FULL", errorMessage: "The storage is full." });
    expect(await two.copies(id)).toBe("Near FAILED: The storage is full., Far FAILED: The storage is full.");
    expect([await filesOf(id, near), await filesOf(id, far)]).toEqual([[], []]);
  });

  it("makes no operation that could only fail while its storage is away", async () => {
    two.breaks(far, { at: "put", does: fails() });
    const id = await two.take();
    two.breaks(far, { at: "put", does: fails() }, { at: "free", does: fails() });
    two.pass(11 * minute);
    await two.app.app.upkeep.perform();
    await two.app.performAll();
    expect(await two.copyOf(id, far)).toMatchObject({ state: "FAILED", attempts: 1 });
    two.breaks(far);
    two.pass(15 * minute);
    await two.app.app.upkeep.perform();
    await two.app.performAll();
    expect(await two.copies(id)).toBe("Near STORED, Far STORED");
  });

  it.each([
    [{ storageIds: [] as StorageId[] }, "names no storage"],
    [{ storageIds: ["no such storage" as StorageId] }, "There is no storage"],
  ])("is refused for what cannot be: %j", async (request, message) => {
    await expect(two.take(request)).rejects.toThrow(message);
    await expect(two.take({ storageIds: [near, near] })).rejects.toThrow("names a storage twice");
    await expect(two.take({ storageIds: [near], storageId: near })).rejects.toThrow("Name one storage by `storageId`");
  });
});

describe("a copy", () => {
  it("brings a backup with its labels to one more storage, proved on the way, once", async () => {
    const id = await two.take({ storageIds: [near] });
    await two.services.labels.update(administrator, id, { name: "Before the move" });
    await two.services.labels.idle();
    const copy = await two.services.copies.create(administrator, id, far);
    await two.app.performAll();
    expect(await two.services.copies.find(administrator, copy.id)).toMatchObject({ status: "COMPLETED" });
    const names = await filesOf(id, far);
    expect(names).toEqual(await filesOf(id, near));
    expect(names.some((name) => name.endsWith("labels.1.json"))).toBe(true);
    expect((await two.copyOf(id, far))?.labelsVersion).toBe(1);
    await expect(two.services.copies.create(administrator, id, far)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("of bytes that are not what was stored is refused, and leaves nothing", async () => {
    const id = await two.take({ storageIds: [near] });
    const artifact = `${await folderOf(id)}/media.tar.zst`;
    const bytes = await two.bytes(near, artifact);
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    await writeFile(two.path(near, artifact), bytes);
    const copy = await two.services.copies.create(administrator, id, far);
    await two.app.performAll();
    expect(await two.services.copies.find(administrator, copy.id)).toMatchObject({ status: "FAILED", errorCode: "ARTIFACT_CORRUPT" });
    expect(await filesOf(id, far)).toEqual([]);
    expect(await two.copyOf(id, far)).toMatchObject({ state: "FAILED", attempts: 1 });
  });

  it("that somebody cancels is not made again by itself", async () => {
    const id = await two.take({ storageIds: [near] });
    const copy = await two.services.copies.create(administrator, id, far);
    await two.services.operations.cancel(administrator, copy.id);
    await two.app.performAll();
    expect(await two.services.copies.find(administrator, copy.id)).toMatchObject({ status: "CANCELLED" });
    two.pass(24 * 60 * minute);
    await two.app.app.upkeep.perform();
    await two.app.performAll();
    expect(await two.copyOf(id, far)).toMatchObject({ state: "FAILED", retryAt: null });
  });
});

describe("reading", () => {
  it("goes on with the next storage when a file is missing on the first, and says so", async () => {
    const id = await two.take();
    await rm(two.path(near, `${await folderOf(id)}/media.tar.zst`));
    const { passed, log } = await verified(id);
    expect(passed).toBe(true);
    expect(log).toContain("WARN Near is passed over: it does not hold media.tar.zst.");
    expect(log).toContain("INFO It is read from Far.");
  });

  it("does not pass over damage: the verification fails, and the good copy is read from then on", async () => {
    const id = await two.take();
    const artifact = `${await folderOf(id)}/media.tar.zst`;
    await writeFile(two.path(near, artifact), Buffer.alloc((await two.bytes(near, artifact)).length));
    expect((await verified(id)).passed).toBe(false);
    expect(await two.copies(id)).toMatch(/^Near STORED: A verification found it damaged: .*, Far STORED$/);
    await expect(two.services.copies.remove(administrator, id, far)).rejects.toMatchObject({ reason: "LAST_COPY" });
    const { passed, log } = await verified(id);
    expect([passed, log.includes("INFO It is read from Far.")]).toEqual([true, true]);
    await two.services.copies.remove(administrator, id, near);
    expect(await two.existing(id)).toMatchObject({ storageId: far });
  });
});

describe("a copy that was found damaged", () => {
  const damage = async (id: BackupId, where: StorageId) => {
    const artifact = `${await folderOf(id)}/media.tar.zst`;
    await writeFile(two.path(where, artifact), Buffer.alloc((await two.bytes(where, artifact)).length));
    await two.db.update(backups).set({ storageId: where }).where(eq(backups.id, id));
    expect((await verified(id)).passed).toBe(false);
  };

  it("is made anew from a storage that has it whole, which is read first meanwhile", async () => {
    const id = await two.take();
    await damage(id, near);
    const { id: copy } = await two.services.copies.create(administrator, id, near);
    expect(await two.existing(id)).toMatchObject({ storageId: far });
    await two.app.performAll();
    expect(await two.services.copies.find(administrator, copy)).toMatchObject({ status: "COMPLETED" });
    expect(await two.copies(id)).toBe("Near STORED, Far STORED");
    for (const name of await filesOf(id, far)) expect((await two.bytes(near, name)).equals(await two.bytes(far, name)), name).toBe(true);
    await expect(two.services.copies.create(administrator, id, near)).rejects.toThrow("is on Near already");
  });

  it("stays where no other storage has it whole", async () => {
    const id = await two.take({ storageIds: [near] });
    await damage(id, near);
    const before = await filesOf(id, near);
    await expect(two.services.copies.create(administrator, id, near)).rejects.toMatchObject({ code: "CONFLICT", reason: "NO_GOOD_COPY" });
    expect(await filesOf(id, near)).toEqual(before);
  });
});

describe("removing a backup from one of its storages", () => {
  it("leaves it on the other, which is read first then; the last one, and a pinned one's, stay", async () => {
    const id = await two.take();
    await two.services.labels.pin(administrator, id, true);
    await two.services.labels.idle();
    await expect(two.services.copies.remove(administrator, id, near)).rejects.toMatchObject({ reason: "PINNED" });
    await two.services.labels.pin(administrator, id, false);
    await two.services.labels.idle();
    await two.services.copies.remove(administrator, id, near);
    expect(await two.existing(id)).toMatchObject({ storageId: far });
    expect([await filesOf(id, near), await two.copies(id)]).toEqual([[], "Far STORED"]);
    await expect(two.services.copies.remove(administrator, id, far)).rejects.toMatchObject({ reason: "LAST_COPY" });
    await expect(two.services.copies.remove(administrator, id, near)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is refused while the backup is verified", async () => {
    const id = await two.take();
    await two.services.verifications.create(administrator, id, "CHECKSUM");
    await expect(two.services.copies.remove(administrator, id, near)).rejects.toMatchObject({ reason: "IN_USE" });
    await two.app.performAll();
  });
});

describe("deleting", () => {
  it("is done on the one storage while the other refuses, which is asked again until it lets go", async () => {
    const id = await two.take();
    const [folder, names] = [await folderOf(id), await filesOf(id, far)];
    two.breaks(far, { at: "remove", does: fails() });
    await two.services.backups.remove(administrator, id);
    const on = async (storageId: StorageId) => (await two.files(storageId)).filter((name) => name.startsWith(`${folder}/`));
    expect([await on(near), await on(far)]).toEqual([[], names]);
    expect(await two.copies(id)).toBe("Far DELETING: The storage does not answer.");
    expect(await two.services.backups.find(administrator, id)).toMatchObject({ deletionProblem: "The storage does not answer." });
    two.breaks(far);
    await two.app.app.upkeep.perform();
    expect((await on(far)).length).toBe(names.length);
    two.pass(minute);
    await two.app.app.upkeep.perform();
    expect([await on(far), await listCopiesOf(two.db, id), await two.services.backups.find(administrator, id)]).toEqual([[], [], null]);
  });

  it("takes away what a copy that failed may have left", async () => {
    two.breaks(far, { at: "put", name: /manifest/, does: fails() }, { at: "remove", does: fails() });
    const id = await two.take();
    expect((await filesOf(id, far)).length).toBeGreaterThan(0);
    const folder = await folderOf(id);
    two.breaks(far);
    await two.services.backups.remove(administrator, id);
    expect((await two.files(far)).filter((name) => name.startsWith(folder))).toEqual([]);
  });
});
