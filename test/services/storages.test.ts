import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findStorage, updateStorageRow } from "../../server/db/storages.ts";
import type { BackupId, SourceId } from "../../server/domain/ids.ts";
import { directoryOf } from "../../server/domain/storage.ts";
import type { StorageRequest, StorageState } from "../../server/services/storages.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

const start = new Date("2026-11-23T12:00:00.000Z");
const minutes = 60_000;
let here: Wired;
let sourceId: SourceId;

beforeAll(async () => {
  here = await wired(start);
  sourceId = await here.addMedia("shop");
});
afterAll(() => here[Symbol.asyncDispose]());

const storages = () => here.app.services.storages;
const folder = (name: string) => join(here.home, name);
const marked = (directory: string) => join(directory, ".holdfast/storage.json");
const local = (name: string, more: Partial<StorageRequest> = {}): StorageRequest => ({
  ...{ name, kind: "LOCAL", local: { directory: folder(name) } },
  ...more,
});
const make = (name: string) => storages().create(administrator, local(name));
const row = async ({ id }: Pick<StorageState, "id">) => {
  const found = await findStorage(here.app.catalog.db, id);
  if (!found) throw new Error("It is gone.");
  return found;
};
/** What was seen before is looked at again. */
const later = () => here.setClock(new Date(here.now().getTime() + 2 * minutes));

async function backUp(storageId: StorageState["id"]): Promise<BackupId> {
  const { id } = await here.app.services.backups.create(administrator, { type: "MEDIA", sourceId, storageId }, "API");
  await here.performAll();
  return id;
}
/** Why it failed; null when it is complete. */
async function outcome(id: BackupId) {
  const row = await here.app.services.backups.find(administrator, id);
  return row?.status === "COMPLETED"
    ? null
    : { code: row?.errorCode, reason: row?.errorReason, message: row?.errorMessage, hint: row?.errorHint };
}
const unmounted = { code: "STORAGE_UNAVAILABLE", reason: "STORAGE_NOT_MOUNTED" };

describe("a local storage", () => {
  it("is marked when it is made, and keeps the mark of one that another Holdfast made", async () => {
    const own = await make("own");
    const mark = JSON.parse(await readFile(marked(folder("own")), "utf8"));
    expect(mark).toEqual({ format: 1, id: (await row(own)).markerId, createdAt: start.toISOString() });
    expect(own).toMatchObject({ shared: false, problem: null, checkedAt: start });
    await mkdir(folder("theirs/.holdfast"), { recursive: true });
    const id = "0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a";
    await writeFile(marked(folder("theirs")), JSON.stringify({ ...mark, id }));
    const theirs = await make("theirs");
    expect([theirs.shared, (await row(theirs)).markerId]).toEqual([true, id]);
  });

  it("is refused where another storage is already, by the path or by the mark", async () => {
    await make("once");
    await expect(storages().create(administrator, local("twice", { local: { directory: folder("once") } }))).rejects.toMatchObject({
      code: "CONFLICT",
      message: "This is the place of the storage once.",
    });
    await mkdir(folder("again/.holdfast"), { recursive: true });
    await writeFile(marked(folder("again")), await readFile(marked(folder("once"))));
    await expect(make("again")).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("whose disk is not mounted takes no backup and gives none, and says so", async () => {
    const offsite = await make("Offsite");
    const good = await backUp(offsite.id);
    expect(await outcome(good)).toBeNull();
    await rename(folder("Offsite"), folder("unplugged"));
    await mkdir(folder("Offsite"));
    later();
    const refused = await backUp(offsite.id);
    expect(await outcome(refused)).toMatchObject({
      ...unmounted,
      message: `The folder ${folder("Offsite")} is there, but it is not the storage Offsite: its disk is probably not mounted.`,
      hint: expect.stringContaining(`Mount its disk and try again. If this is the right place all the same, say so once: npx holdfast`),
    });
    expect(await readdir(folder("Offsite"))).toEqual([]);
    await expect(storages().open(offsite.id)).rejects.toMatchObject(unmounted);
    const [listed] = await storages().describe([await row(offsite)]);
    // What is free below the mount point is another disk's.
    expect(listed).toMatchObject({ problem: unmounted, freeBytes: null, checkedAt: here.now() });
    // A deletion waits for the disk: nothing is taken for deleted that lies on it.
    await here.app.services.backups.remove(administrator, good).catch(() => {});
    await rm(folder("Offsite"), { recursive: true });
    await rename(folder("unplugged"), folder("Offsite"));
    expect(await outcome(await backUp(offsite.id))).toBeNull();
    expect((await storages().describe([await row(offsite)]))[0]).toMatchObject({ problem: null, freeBytes: expect.any(Number) });
  });

  it("is not taken for another one where two disks were exchanged", async () => {
    const [one, two] = [await make("one"), await make("two")];
    expect(await outcome(await backUp(one.id))).toBeNull();
    await rename(folder("one"), folder("x"));
    await rename(folder("two"), folder("one"));
    await rename(folder("x"), folder("two"));
    later();
    for (const each of [one, two]) expect(await outcome(await backUp(each.id))).toMatchObject(unmounted);
    expect(await readdir(folder("one"))).toEqual([".holdfast"]);
  });

  it("of an earlier version is marked at its first use, where nothing speaks against it", async () => {
    const old = await make("old");
    await backUp(old.id);
    const forget = async () => {
      await updateStorageRow(here.app.catalog.db, old.id, { markerId: null });
      await rm(folder("old/.holdfast"), { recursive: true });
      later();
    };
    await forget();
    await storages().open(old.id);
    expect(JSON.parse(await readFile(marked(folder("old")), "utf8")).id).toBe((await row(old)).markerId);
    // The catalog knows a backup there, and it is not: an empty mount point.
    await forget();
    await rename(folder("old/shop"), folder("shop-elsewhere"));
    await expect(storages().open(old.id)).rejects.toMatchObject(unmounted);
    expect(await readdir(folder("old"))).toEqual([]);
  });

  it("whose mark alone was lost is marked again, and taken as it is at an administrator's word", async () => {
    const lost = await make("lost");
    await backUp(lost.id);
    const { markerId } = await row(lost);
    await rm(folder("lost/.holdfast"), { recursive: true });
    later();
    await storages().open(lost.id);
    expect(JSON.parse(await readFile(marked(folder("lost")), "utf8")).id).toBe(markerId);
    for (const name of await readdir(folder("lost"))) await rm(folder(`lost/${name}`), { recursive: true });
    later();
    await expect(storages().open(lost.id)).rejects.toMatchObject(unmounted);
    await storages().update(administrator, lost.id, local("lost", { adopt: true }));
    expect(await outcome(await backUp(lost.id))).toBeNull();
  });

  it("stays where its backups are, unless it was moved there as a whole", async () => {
    const moving = await make("moving");
    await backUp(moving.id);
    const to = (name: string) => storages().update(administrator, moving.id, local("moving", { local: { directory: folder(name) } }));
    await mkdir(folder("elsewhere"));
    await expect(to("elsewhere")).rejects.toMatchObject({
      code: "CONFLICT",
      message: "This storage already holds backups, so its folder cannot change.",
    });
    await rename(folder("moving"), folder("moved"));
    expect(directoryOf(await to("moved"))).toBe(folder("moved"));
    expect(await outcome(await backUp(moving.id))).toBeNull();
  });

  it("keeps its name, cap and speed to be changed while it is away", async () => {
    const away = await make("away");
    await rm(folder("away"), { recursive: true });
    const changes = { sizeCapBytes: 5_000_000, bytesPerSecond: 1_000_000 };
    const request = { ...local("away"), name: "Far away", ...changes };
    expect(await storages().update(administrator, away.id, request)).toMatchObject({ name: "Far away", ...changes });
    const { sizeCapBytes: _, bytesPerSecond: __, ...without } = request;
    expect(await storages().update(administrator, away.id, without)).toMatchObject(changes);
    expect(await storages().update(administrator, away.id, { ...without, bytesPerSecond: null })).toMatchObject({ bytesPerSecond: null });
  });

  it("is shown without the links in its path, and is refused once one was put into it", async () => {
    await mkdir(folder("disk"));
    await symlink(folder("disk"), folder("link"));
    const linked = await make("link");
    expect(directoryOf(linked)).toBe(folder("disk"));
    await backUp(linked.id);
    await mkdir(folder("trap/.holdfast"), { recursive: true });
    await writeFile(marked(folder("trap")), await readFile(marked(folder("disk"))));
    await rename(folder("disk"), folder("disk-before"));
    await symlink(folder("trap"), folder("disk"));
    later();
    expect(await outcome(await backUp(linked.id))).toMatchObject({
      ...unmounted,
      message: `The storage ${folder("disk")} is not where it was: a symbolic link leads from ${folder("disk")}/.holdfast to ${folder("trap")}/.holdfast.`,
    });
    expect(await readdir(folder("trap"))).toEqual([".holdfast"]);
  });
});

describe("a storage's address is refused", () => {
  const s3 = (more: object): StorageRequest => ({
    ...{ name: "Bucket", kind: "S3" },
    s3: { bucket: "backups", accessKeyId: "AKIA", secretAccessKey: "canary", ...more },
  });
  const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
  const sftp = (more: object): StorageRequest => ({
    ...{ name: "Nas", kind: "SFTP" },
    sftp: { host: "nas.lan", user: "backup", password: "canary", directory: "/backups", hostKey, ...more },
  });
  const at = (directory: string): StorageRequest => local("bad", { local: { directory } });

  it.each<[string, () => StorageRequest, string]>([
    ["a relative folder", () => at("backups"), "DIRECTORY"],
    ["a folder with a line break", () => at("/srv/a\nb"), "DIRECTORY"],
    ["a folder with a NUL", () => at("/srv/a\0b"), "DIRECTORY"],
    ["the root folder", () => at("/srv/.."), "DIRECTORY"],
    ["Holdfast's own folder", () => at(here.home), "DIRECTORY"],
    ["a folder that holds Holdfast's own", () => at("/tmp"), "DIRECTORY"],
    ["the catalog's folder", () => at(folder("mariadb/data")), "DIRECTORY"],
    ["the folder of uploads, by a way around", () => at(`${folder("backups")}/../uploads`), "DIRECTORY"],
    ["a folder inside of what is backed up", () => at(folder("media/shop/backups")), "DIRECTORY"],
    ["the same behind a link", () => at(folder("to-media/backups")), "DIRECTORY"],
    ["a bucket with dots side by side", () => s3({ bucket: "a..b" }), "BUCKET"],
    ["a bucket with a slash", () => s3({ bucket: "a/b" }), "BUCKET"],
    ["a bucket with a line break", () => s3({ bucket: "abc\n" }), "BUCKET"],
    ["a prefix that leads out", () => s3({ prefix: "a/../b" }), "PREFIX"],
    ["a prefix with two slashes", () => s3({ prefix: "a//b" }), "PREFIX"],
    ["a prefix with a line break", () => s3({ prefix: "a\nb" }), "PREFIX"],
    ["the cloud's own address", () => s3({ endpoint: "http://169.254.169.254" }), "ENDPOINT_NOT_ALLOWED"],
    ["loopback", () => s3({ endpoint: "http://[::1]:9000" }), "ENDPOINT_NOT_ALLOWED"],
    ["loopback as a number", () => s3({ endpoint: "http://0x7f000001" }), "ENDPOINT_NOT_ALLOWED"],
    ["an endpoint that is a file", () => s3({ endpoint: "file:///etc/passwd" }), "ENDPOINT"],
    ["an endpoint with a password", () => s3({ endpoint: "https://a:b@s3.example.com" }), "ENDPOINT"],
    ["an access key that forges the signature's header", () => s3({ accessKeyId: "A/b,c" }), "ACCESS_KEY_ID"],
    ["a host with a space", () => sftp({ host: "nas lan" }), "HOST"],
    ["a host with a line break", () => sftp({ host: "nas\nProxyCommand x" }), "HOST"],
    ["a host that is an option", () => sftp({ host: "-oProxyCommand=x" }), "HOST"],
    ["a server without a host key", () => sftp({ hostKey: null }), "HOST_KEY"],
    ["a host key that is none", () => sftp({ hostKey: "ssh-ed25519 nonsense" }), "HOST_KEY"],
    ["a directory that leads out", () => sftp({ directory: "/a/../b" }), "DIRECTORY"],
    ["a port that is none", () => sftp({ port: 0 }), "PORT"],
  ])("where it is %s", async (_, request, reason) => {
    await symlink(folder("media/shop"), folder("to-media")).catch(() => {});
    const before = await storages().list(administrator);
    const refused = expect.objectContaining({ code: "BAD_USER_INPUT", reason });
    await expect(storages().create(administrator, request())).rejects.toEqual(refused);
    const tried = storages().check(administrator, null, request());
    expect(
      await tried.then(
        ({ ok }) => ok,
        () => false,
      ),
    ).toBe(false);
    expect(await storages().list(administrator)).toHaveLength(before.length);
  });

  it("where its kind and its parts do not fit, or it is too small to be meant", async () => {
    const refused = (request: StorageRequest) => expect(storages().create(administrator, request)).rejects;
    await refused({ name: "None", kind: "S3" }).toThrow("needs `s3`");
    await refused({ ...s3({}), local: { directory: "/srv/x" } }).toThrow("`local` does not belong to it");
    await refused(local("tiny", { sizeCapBytes: 5 })).toThrow("cap is at least 1.00 MB");
    await refused(local("slow", { bytesPerSecond: 5 })).toThrow("is at least");
    await refused({ ...local("x"), name: "two\nlines" }).toThrow("one line");
    await refused(s3({ secretAccessKey: null })).toThrow("needs its secret access key");
    await refused(sftp({ password: null })).toThrow("needs a password or a private key");
  });
});
