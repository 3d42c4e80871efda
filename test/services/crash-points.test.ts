import { createHash } from "node:crypto";
import { access } from "node:fs/promises";
import type { RowDataPacket } from "mysql2";
import mysql, { type Connection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBackup } from "../../server/db/backups.ts";
import { findCopiesOf } from "../../server/db/copies.ts";
import { type BackupId, newId, type StorageId } from "../../server/domain/ids.ts";
import { manifestName } from "../../server/domain/naming.ts";
import { type Doomed, killAt, type StorageStop } from "../support/crashing.ts";
import { type SeveralStorages, severalStorages } from "../support/several-storages.ts";
import { administrator } from "../support/wired.ts";

let two: SeveralStorages;
let sql: Connection;
let earlier: BackupId;
beforeAll(async () => {
  two = await severalStorages(new Date());
  sql = await mysql.createConnection({ uri: two.app.url, multipleStatements: true });
  earlier = await two.take();
});
afterAll(async () => {
  await sql?.end();
  await two?.[Symbol.asyncDispose]();
});

const doomed = (
  work: { work: "backup" | "delete"; id: BackupId } | Extract<Doomed, { work: "copy" }>,
  storage: StorageStop | null,
): Doomed => ({ home: two.app.home, url: two.app.url, ...work, storage }) as Doomed;
const on = (where: "Near" | "Far", stop: Omit<StorageStop, "id">): StorageStop => ({ id: where === "Near" ? two.near : two.far, ...stop });

/** Holds up one statement of the catalog until the one who waits for it is gone. */
async function heldInCatalog(trigger: string, during: (reached: () => Promise<void>) => Promise<void>): Promise<void> {
  const lock = newId<string>();
  await sql.query("SELECT GET_LOCK(?, 0)", [lock]);
  await sql.query(`CREATE TRIGGER held_up ${trigger.replace("HOLD", `DO GET_LOCK('${lock}', 600)`)}`);
  const waiting = async () => {
    const [rows] = await sql.query<RowDataPacket[]>(
      "SELECT ID id FROM information_schema.PROCESSLIST WHERE STATE = 'User lock' AND DB = DATABASE()",
    );
    return rows.map(({ id }) => Number(id));
  };
  try {
    await during(async () => {
      await expect.poll(async () => (await waiting()).length, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0);
    });
  } finally {
    for (const id of await waiting()) await sql.query(`KILL ${id}`).catch(() => {});
    await expect.poll(async () => (await waiting()).length, { timeout: 10_000, interval: 20 }).toBe(0);
    await sql.query("SELECT RELEASE_ALL_LOCKS()");
    await sql.query("DROP TRIGGER held_up");
  }
}

/** Starts again: puts right what is left, and does all that follows from it. */
async function restart(): Promise<void> {
  await two.app.app.upkeep.perform();
  await two.app.performAll();
}

/** Whatever lies on a storage is a whole backup that is said to lie there, and whatever is said to lie there does. */
async function holds(): Promise<void> {
  for (const storageId of [two.near, two.far]) {
    const names = await two.files(storageId);
    const folders = [...new Set(names.map((name) => name.slice(0, name.lastIndexOf("/"))))];
    const whole = folders.filter((folder) => names.includes(`${folder}/${manifestName}`));
    expect(folders).toEqual(whole);
    const [rows] = await sql.query<RowDataPacket[]>(
      "SELECT b.folder FROM backup_copies c JOIN backups b ON b.id = c.backup_id WHERE c.storage_id = ? AND c.state = 'STORED' AND b.status = 'COMPLETED' AND b.deleted_at IS NULL",
      [storageId],
    );
    expect(rows.map(({ folder }) => folder).toSorted()).toEqual(folders.toSorted());
  }
  const { folder, artifacts } = (await findBackup(two.db, earlier)) ?? { folder: "", artifacts: [] };
  for (const storageId of [two.near, two.far])
    for (const { name, sha256 } of artifacts)
      expect(
        createHash("sha256")
          .update(await two.bytes(storageId, `${folder}/${name}`))
          .digest("hex"),
      ).toBe(sha256);
}

const begun = async (request: Parameters<SeveralStorages["take"]>[0] = {}) => {
  const { backups } = two.services;
  const { id } = await backups.create(
    administrator,
    { type: "MEDIA", sourceId: two.sourceId, storageIds: [two.near, two.far], ...request },
    "MANUAL",
  );
  two.app.forgetWaiting();
  return id;
};
const isThere = (storageId: StorageId, name: string) =>
  access(two.path(storageId, name)).then(
    () => true,
    () => false,
  );
const statusOf = async (id: BackupId) => (await findBackup(two.db, id))?.status ?? "GONE";
const states = async (id: BackupId) =>
  Object.fromEntries((await findCopiesOf(two.db, [id])).map(({ storageId, state }) => [storageId === two.near ? "Near" : "Far", state]));

describe("a worker killed in a backup to two storages", () => {
  it.each<["Near" | "Far", Omit<StorageStop, "id">]>([
    ["Near", { at: "put", call: 1, when: "before" }],
    ["Far", { at: "put", name: "media\\.tar", when: "within" }],
    ["Near", { at: "put", name: "media\\.tar", when: "at its end" }],
    ["Far", { at: "put", name: "media\\.index", when: "at its end" }],
  ])("on %s at %j leaves nothing of it, and says so", async (where, stop) => {
    const id = await begun();
    await killAt(doomed({ work: "backup", id }, on(where, stop)));
    await restart();
    expect(await findBackup(two.db, id)).toMatchObject({ status: "FAILED", errorCode: "INTERRUPTED" });
    expect(await states(id)).toEqual({ Near: "FAILED", Far: "FAILED" });
    await holds();
  });

  it("between its two manifests leaves it complete on the one, and brings it to the other", async () => {
    const id = await begun();
    const manifest = `${(await findBackup(two.db, id))?.folder}/${manifestName}`;
    await killAt(doomed({ work: "backup", id }, on("Far", { at: "put", name: "manifest", when: "before" })), async (reached) => {
      await reached;
      await expect.poll(() => isThere(two.near, manifest), { timeout: 10_000, interval: 20 }).toBe(true);
    });
    await restart();
    expect([await statusOf(id), await states(id)]).toEqual(["COMPLETED", { Near: "STORED", Far: "STORED" }]);
    await holds();
  });

  it.each([
    ["its row", "BEFORE INSERT ON backup_manifests FOR EACH ROW HOLD"],
    ["its status", "BEFORE UPDATE ON backups FOR EACH ROW IF NEW.status = 'COMPLETED' THEN HOLD; END IF"],
  ])("when both have it, before %s is written, leaves it complete on both", async (_, trigger) => {
    const id = await begun();
    await heldInCatalog(trigger, (held) => killAt(doomed({ work: "backup", id }, null), held));
    await restart();
    expect([await statusOf(id), await states(id)]).toEqual(["COMPLETED", { Near: "STORED", Far: "STORED" }]);
    await holds();
  });
});

describe("a worker killed in a copy", () => {
  it.each<[string, Omit<StorageStop, "id"> | string]>([
    ["before the first byte", { at: "put", call: 1, when: "before" }],
    ["in mid-file", { at: "put", name: "media\\.tar", when: "within" }],
    ["at the end of its manifest", { at: "put", name: "manifest", when: "at its end" }],
    [
      "when it is whole, before that is written down",
      "BEFORE UPDATE ON backup_copies FOR EACH ROW IF NEW.state = 'STORED' THEN HOLD; END IF",
    ],
  ])("%s: leaves nothing half, and it is made again", async (_, stop) => {
    const backupId = await two.take({ storageIds: [two.near] });
    const { id } = await two.services.copies.create(administrator, backupId, two.far);
    two.app.forgetWaiting();
    const killed = (storage: StorageStop | null, held?: () => Promise<void>) =>
      killAt({ home: two.app.home, url: two.app.url, work: "copy", id, storage }, held);
    if (typeof stop === "string") await heldInCatalog(stop, (held) => killed(null, held));
    else await killed(on("Far", stop));
    await two.app.app.upkeep.perform();
    expect(await two.services.copies.find(administrator, id)).toMatchObject({ status: "FAILED", errorCode: "INTERRUPTED" });
    await holds();
    two.pass(10 * 60_000);
    await restart();
    expect(await states(backupId)).toEqual({ Near: "STORED", Far: "STORED" });
    await holds();
  });
});

describe("a worker killed in a deletion", () => {
  it.each<[string, Omit<StorageStop, "id"> | string]>([
    ["when the tombstone is set", { at: "remove", call: 1, when: "before" }],
    ["when the manifest is gone", { at: "sweep", when: "before" }],
    ["when half of the data is gone", { at: "remove", name: "media\\.tar", when: "before" }],
    ["when all is gone but the row", "BEFORE DELETE ON backups FOR EACH ROW HOLD"],
  ])("%s: goes on after the restart until nothing is left", async (_, stop) => {
    const id = await two.take();
    if (typeof stop === "string") await heldInCatalog(stop, (held) => killAt(doomed({ work: "delete", id }, null), held));
    else await killAt(doomed({ work: "delete", id }, on("Far", stop)));
    expect(await statusOf(id)).toBe("GONE");
    await restart();
    const [rows] = await sql.query<RowDataPacket[]>("SELECT id FROM backups WHERE id = ?", [id]);
    expect([rows, await states(id)]).toEqual([[], {}]);
    await holds();
  });
});
