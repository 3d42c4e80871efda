import { readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertRestore } from "../../server/db/restores.ts";
import { insertSource } from "../../server/db/sources.ts";
import type { Actor } from "../../server/domain/access.ts";
import { newId, type RestoreId, type SourceId, type UploadId } from "../../server/domain/ids.ts";
import { usualOptions } from "../../server/domain/source-load.ts";
import { openReceived, type Received } from "../../server/engine/upload/received.ts";
import { memoryBus } from "../../server/events/memory.ts";
import { createUploads, type Uploads } from "../../server/services/uploads.ts";
import { freshCatalog } from "../support/catalog.ts";
import { temporaryFolder } from "../support/uploads.ts";

const admin: Actor = { kind: "cli", name: "root", role: "ADMIN" };
const start = new Date("2026-11-22T03:00:00.000Z");
const days = (count: number) => new Date(start.getTime() + count * 24 * 60 * 60 * 1000);
const dump = "CREATE TABLE t (a int);\n";

let fresh: Awaited<ReturnType<typeof freshCatalog>>;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let files: Received;
let uploads: Uploads;
let at = start;
const queued: string[] = [];
const unforeseen: unknown[] = [];
beforeAll(async () => {
  fresh = await freshCatalog();
  folder = await temporaryFolder();
  files = await openReceived(join(folder.path, "uploads"));
  uploads = createUploads({
    ...{ catalog: fresh.catalog.db, bus: memoryBus(), files, now: () => at },
    queue: { add: async (_job: string, id: string) => void queued.push(id) },
    onError: (error) => unforeseen.push(error),
  });
});
afterAll(async () => {
  await uploads?.stop();
  await fresh?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
  expect(unforeseen).toEqual([]);
});

async function arrived(text = dump): Promise<UploadId> {
  const { id } = await uploads.create(admin, "dump.sql", Buffer.byteLength(text));
  await writeFile(files.pathOf(id), text);
  return id;
}

/** A restore of the upload that waits. */
async function waitingRestore(uploadId: UploadId): Promise<RestoreId> {
  const [id, sourceId] = [newId<RestoreId>(), newId<SourceId>()];
  const { db } = fresh.catalog;
  const noDatabase = { databaseHost: null, databasePort: null, databaseUser: null, databasePassword: null, databaseName: null };
  await insertSource(db, {
    ...{ id: sourceId, name: "A source", slug: "a-source", mediaPaths: [], excludePatterns: [], createdAt: at },
    ...{ ...noDatabase, databaseSocket: null, databaseTls: false, targetBackupAgeHours: null, targetProofAgeHours: null, ...usualOptions },
  });
  await insertRestore(db, {
    ...{ id, name: "A restore", type: "DATABASE", mode: "REPLACE", staged: true, backupBeforeRestore: false, actor: "root" },
    ...{ uploadIds: [uploadId], targetSourceId: sourceId, status: "QUEUED", createdAt: at },
  });
  return id;
}

describe("uploads", () => {
  it("go on by themselves when a crash came between the last byte and the inspection, or cut that off", async () => {
    const id = await arrived();
    expect(await uploads.existing(id)).toMatchObject({ state: "RECEIVING", receivedBytes: dump.length });
    await uploads.upkeep();
    expect(await uploads.existing(id)).toMatchObject({ state: "INSPECTING" });
    await uploads.upkeep();
    expect(queued.filter((each) => each === id).length).toBeGreaterThan(1);
    await Promise.all([uploads.perform(id), uploads.perform(id)]);
    expect(await uploads.existing(id)).toMatchObject({ state: "READY", format: "sql", expiresAt: days(7) });
    await uploads.perform(id);
    expect(await uploads.existing(id)).toMatchObject({ state: "READY" });
  });

  it("are removed after seven days, finished or not, but never while a restore needs them", async () => {
    at = start;
    const [unfinished, whole, used] = [(await uploads.create(admin, "a.sql", 99)).id, await arrived(), await arrived()];
    await uploads.received(whole);
    await uploads.perform(whole);
    const restore = await waitingRestore(used);
    await expect(uploads.remove(admin, used)).rejects.toMatchObject({ code: "CONFLICT" });
    at = days(6.9);
    await uploads.upkeep();
    const there = async () => (await readdir(files.folder)).filter((name) => [unfinished, whole, used].includes(name as UploadId)).sort();
    expect(await there()).toEqual([unfinished, whole, used].sort());
    at = days(7.1);
    await uploads.upkeep();
    expect(await there()).toEqual([used]);
    await expect(uploads.existing(whole)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await fresh.catalog.pool.query("UPDATE restores SET status = 'FAILED' WHERE id = ?", [restore]);
    await uploads.upkeep();
    expect(await there()).toEqual([]);
    at = start;
  });

  it("leave no file behind that no row knows, and touch none that is new or not theirs", async () => {
    const [old, young] = [newId<UploadId>(), newId<UploadId>()];
    for (const name of [old, young, "notes.txt"]) await writeFile(join(files.folder, name), "x");
    const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000);
    await utimes(join(files.folder, old), yesterday, yesterday);
    await utimes(join(files.folder, "notes.txt"), yesterday, yesterday);
    await uploads.upkeep();
    const left = await readdir(files.folder);
    expect(left).toEqual(expect.arrayContaining([young, "notes.txt"]));
    expect(left).not.toContain(old);
  });

  it("count what others were promised when space is asked for", async () => {
    const free = await files.free();
    const { id } = await uploads.create(admin, "most.sql", Math.floor(free * 0.9));
    await expect(uploads.create(admin, "more.sql", Math.floor(free * 0.5))).rejects.toMatchObject({
      code: "STORAGE_FULL",
      message: expect.stringMatching(/are promised to other uploads/),
    });
    expect((await stat(files.pathOf(id))).size).toBe(0);
    await uploads.remove(admin, id);
  });
});
