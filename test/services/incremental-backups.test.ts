import { execFile } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findManifests } from "../../server/db/backups.ts";
import { listInUse } from "../../server/db/retention.ts";
import type { BackupId, StorageId } from "../../server/domain/ids.ts";
import { stall } from "../support/faulty-storage.ts";
import { type SeveralStorages, severalStorages } from "../support/several-storages.ts";
import { administrator } from "../support/wired.ts";

let two: SeveralStorages;
let media: string;
beforeAll(async () => {
  two = await severalStorages();
  media = join(two.app.home, "media", "shop");
});
afterAll(() => two?.[Symbol.asyncDispose]());

/** Bytes that no compression makes smaller. */
const noise = (seed: number, size: number): Buffer =>
  createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(size));
const change = (name: string, text: string | Buffer) => writeFile(join(media, name), text);
const take = async (storageIds: readonly StorageId[] = [two.near, two.far], encrypt = false): Promise<BackupId> => {
  two.pass(60_000);
  const id = await two.take({ storageIds, encrypt, mediaMode: "INCREMENTAL" });
  expect((await two.existing(id))?.status).toBe("COMPLETED");
  return id;
};
const packsOn = async (id: StorageId) => (await two.files(id)).filter((name) => name.includes("/packs/")).toSorted();
const named = async (ids: readonly BackupId[]) => {
  const manifests = await findManifests(two.db, ids);
  return [
    ...new Set(manifests.flatMap(({ manifest }) => manifest.media?.packs?.files.map(({ name }) => `shop/packs/${name}`) ?? [])),
  ].toSorted();
};
/** The media as a download gives them, unpacked. */
async function downloaded(id: BackupId): Promise<string[]> {
  const artifact = (await two.existing(id))?.artifacts[0]?.name ?? "";
  const link = await two.services.downloads.create(administrator, id, { artifact, path: null, archive: null });
  const open = await two.services.downloads.open(link.path.split("/")[2] ?? "", link.filename);
  const body = await open?.body();
  if (body?.size == null) throw new Error("The link leads nowhere");
  const bytes = await buffer(await body.read(0, body.size - 1, new AbortController().signal));
  expect(bytes.length).toBe(link.size);
  const folder = await mkdtemp(join(two.app.home, "unpacked-"));
  await writeFile(join(folder, "media.tar"), bytes);
  await promisify(execFile)("tar", ["-xf", "media.tar"], { cwd: folder });
  const { stdout } = await promisify(execFile)("sh", ["-c", "find . -name '*.txt' | sort | xargs sha256sum"], { cwd: folder });
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.replace(/ .*\//, " "));
}
const sumsNow = async (): Promise<string[]> => {
  const { stdout } = await promisify(execFile)("sh", ["-c", "find . -name '*.txt' | sort | xargs sha256sum"], { cwd: media });
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.replace(/ .*\//, " "));
};
/** What statistics say that lies on the storage. */
const counted = async (id: StorageId): Promise<number | undefined> =>
  (await two.services.statistics.read(administrator)).byStorage.find(({ storage }) => storage.id === id)?.storedBytes;
const passes = async (id: BackupId): Promise<boolean | null> => {
  const { id: verification } = await two.services.verifications.create(administrator, id, "CHECKSUM");
  await two.app.performAll();
  return (await two.services.verifications.find(administrator, verification))?.passed ?? null;
};

describe("incremental backups of a source on two storages", () => {
  const taken: { id: BackupId; sums: string[] }[] = [];

  it("bring what is new alone, and are whole one by one", async () => {
    await change("big.txt", noise(1, 200_000));
    for (const at of [1, 2, 3, 4]) {
      await change("one.txt", noise(at + 10, 5000));
      taken.push({ id: await take(), sums: await sumsNow() });
    }
    const rows = await Promise.all(taken.map(({ id }) => two.existing(id)));
    expect(rows[0]?.addedSize).toBeGreaterThan(200_000);
    for (const row of rows.slice(1))
      expect([row?.addedSize ?? 0, row?.storedSize ?? 0]).toSatisfy(([added, all]) => added < 20_000 && all > 200_000);
    for (const { id, sums } of taken) expect(await downloaded(id)).toEqual(sums);
    for (const storedBytes of [await counted(two.near), await counted(two.far)])
      expect(storedBytes).toBe(rows.reduce((sum, row) => sum + (row?.addedSize ?? 0), 0));
    expect(await packsOn(two.near)).toEqual(await named(taken.map(({ id }) => id)));
  });

  it("leave the others whole when the oldest, the newest or one between them is deleted", async () => {
    for (const at of [0, 2, 1]) {
      const [gone] = taken.splice(at, 1);
      await two.services.backups.remove(administrator, gone?.id as BackupId);
      for (const { id, sums } of taken) expect(await downloaded(id)).toEqual(sums);
      for (const storageId of [two.near, two.far]) expect(await packsOn(storageId)).toEqual(await named(taken.map(({ id }) => id)));
      const bytes = await Promise.all(
        (await two.files(two.near)).map(async (name) => (name.endsWith("manifest.json") ? 0 : (await two.bytes(two.near, name)).length)),
      );
      const index = await findManifests(
        two.db,
        taken.map(({ id }) => id),
      );
      const beside = index.reduce((sum, { manifest }) => sum + (manifest.media?.index?.storedSize ?? 0), 0);
      expect(await counted(two.near)).toBe(bytes.reduce((sum, size) => sum + size, 0) - beside);
    }
  });

  it("are copied with the packs that the other storage lacks, and are read from there when the first is gone", async () => {
    await change("one.txt", noise(77, 5000));
    const [id, sums] = [await take([two.near]), await sumsNow()];
    const before = two.adapter(two.far)?.calls("put", /\.pack/) ?? 0;
    await two.services.copies.create(administrator, id, two.far);
    await two.app.performAll();
    expect(await two.copies(id)).toBe("Near STORED, Far STORED");
    const packs = (await findManifests(two.db, [id]))[0]?.manifest.media?.packs?.files ?? [];
    const calls = (two.adapter(two.far)?.calls("put", /\.pack/) ?? 0) - before;
    expect([packs.length > calls, calls]).toEqual([true, 1]);
    expect(await passes(id)).toBe(true);
    await two.services.copies.remove(administrator, id, two.near);
    expect(await downloaded(id)).toEqual(sums);
    taken.push({ id, sums });
  });

  it("are repaired with the packs that they share, where another storage has these whole", async () => {
    await change("one.txt", noise(78, 5000));
    const [older, sums] = [await take(), await sumsNow()];
    await change("one.txt", noise(79, 5000));
    const id = await take();
    const own = await named([id]);
    const pack = (await named([older])).find((name) => own.includes(name)) ?? "";
    const bytes = await two.bytes(two.near, pack);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(two.path(two.near, pack), bytes);
    expect(await passes(id)).toBe(false);
    // The other storage has it whole, which says nothing of this one.
    expect(await passes(id)).toBe(true);
    const later = await take();
    expect(await named([later])).not.toContain(pack);
    await two.services.copies.create(administrator, id, two.near);
    await two.app.performAll();
    expect(await two.copies(id)).toBe("Near STORED, Far STORED");
    expect((await two.bytes(two.near, pack)).equals(await two.bytes(two.far, pack))).toBe(true);
    await two.services.copies.remove(administrator, older, two.far);
    expect(await downloaded(older)).toEqual(sums);
    for (const each of [id, older, later]) await two.services.backups.remove(administrator, each);
  });

  it("come back into an empty catalog; one whose packs are missing is told", async () => {
    const last = taken.at(-1)?.id as BackupId;
    const before = (await findManifests(two.db, [last]))[0]?.manifest;
    const { addedSize, storedSize, mediaMode } = (await two.existing(last)) ?? {};
    await two.db.execute(sql`delete from backups`);
    const report = await two.services.catalogRebuild.rebuild(administrator, two.far, {});
    expect([report.problems, report.adopted]).toEqual([[], 2]);
    expect(await two.existing(last)).toMatchObject({ addedSize, storedSize, mediaMode });
    for (const { id, sums } of taken) expect(await downloaded(id)).toEqual(sums);

    await two.db.execute(sql`delete from backups`);
    const own = before?.media?.packs?.files.find(({ name }) => name.startsWith(last.slice(0, 8)));
    const name = `shop/packs/${own?.name}`;
    const bytes = await readFile(two.path(two.far, name));
    await writeFile(two.path(two.far, name), bytes.subarray(1));
    const damaged = await two.services.catalogRebuild.rebuild(administrator, two.far, {});
    expect(damaged).toMatchObject({ adopted: 1, problems: [{ message: expect.stringContaining("missing or cut short") }] });
    await writeFile(two.path(two.far, name), bytes);
    expect(await two.services.catalogRebuild.rebuild(administrator, two.far, {})).toMatchObject({ adopted: 1, problems: [] });
  });

  it("hold what they build on while they run, and are not built on what is encrypted otherwise", async () => {
    const base = taken.at(-1)?.id as BackupId;
    await change("one.txt", noise(99, 5000));
    two.breaks(two.far, { at: "put", name: /\.pack/, does: stall() });
    two.pass(60_000);
    const request = {
      type: "MEDIA",
      sourceId: (await two.existing(base))?.sourceId,
      storageId: two.far,
      mediaMode: "INCREMENTAL",
    } as const;
    const { id } = await two.services.backups.create(administrator, request, "MANUAL");
    const performing = two.services.backups.perform(id);
    await two.adapter(two.far)?.stalled();
    await expect(two.services.backups.remove(administrator, base)).rejects.toMatchObject({ reason: "IN_USE" });
    expect((await listInUse(two.db, two.app.now())).has(base)).toBe(true);
    two.adapter(two.far)?.release();
    await performing;
    two.breaks(two.far);
    const sealed = await take([two.far], true);
    expect(await two.log(sealed)).toContainEqual(expect.stringContaining("not encrypted to the same keys"));
    expect(await passes(sealed)).toBe(true);
    expect(await listInUse(two.db, two.app.now())).toEqual(new Set());
  });
});
