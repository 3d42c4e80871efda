import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinBackupDocument, type RebuildReport, updateBackupDocument } from "../../server/cli/documents/catalog.ts";
import { catalogOf } from "../support/catalog-of.ts";
import { command } from "../support/command.ts";
import { addSource, type Holdfast, restore, startHoldfast } from "../support/holdfast.ts";
import { addStorage, completed, contentOf, labelsWritten, portrait, rebuild } from "../support/rebuilding.ts";
import { type S3Server, s3Keys, s3Server } from "../support/s3-server.ts";
import { freshDatabase, sharedConnection } from "../support/shared-server.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { makeTree, readTree } from "../support/trees.ts";

let holdfast: Holdfast;
let s3: S3Server;
let sshd: Sshd;
let folder: string;
let shop: Awaited<ReturnType<typeof freshDatabase>>;
let blog: Awaited<ReturnType<typeof freshDatabase>>;
let sources: { readonly shop: string; readonly blog: string; readonly files: string };
beforeAll(async () => {
  [holdfast, s3, sshd] = await Promise.all([startHoldfast(), s3Server(), startSshd()]);
  [shop, blog] = [await freshDatabase("shop"), await freshDatabase("blog")];
  folder = await mkdtemp(join(tmpdir(), "holdfast-rebuild-"));
  await shop.sql.query("CREATE TABLE goods (id INT PRIMARY KEY, name TEXT); INSERT INTO goods VALUES (1, 'one'), (2, 'two')");
  await blog.sql.query("CREATE TABLE posts (id INT PRIMARY KEY); INSERT INTO posts VALUES (1); CREATE VIEW seen AS SELECT id FROM posts");
  const media = await makeTree(join(folder, "media"), { "a.txt": "a", "b/c.txt": "c" });
  sources = {
    shop: await addSource(holdfast, "Shop", shop.name, [media]),
    blog: await addSource(holdfast, "Blog", blog.name),
    files: await addSource(holdfast, "Files", null, [await makeTree(join(folder, "files"), { "d.txt": "d" })]),
  };
});
afterAll(async () => {
  await Promise.all([holdfast?.[Symbol.asyncDispose](), s3?.stop(), sshd?.[Symbol.asyncDispose]()]);
  await shop?.[Symbol.asyncDispose]();
  await blog?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe("a catalog that was lost", () => {
  it("comes back from two folders, a bucket and an SFTP server as it was, sources, copies, labels and keys, and its backups restore", async () => {
    const second = await addStorage(holdfast, "Second", join(folder, "second"));
    const remote = await places();
    const { bucket, nas } = await addRemote(remote);
    const { storages } = await holdfast.graphql<{ storages: { id: string; isDefault: boolean }[] }>("{ storages { id isDefault } }");
    const first = storages.find(({ isDefault }) => isDefault)?.id;
    const everywhere = { sourceId: sources.shop, storageIds: [first, second, bucket, nas] };
    const ids = [
      await completed(holdfast, { type: "FULL", encrypt: true, description: "Everything", ...everywhere }),
      await completed(holdfast, { type: "DATABASE", name: "Plain", sourceId: sources.shop }),
      await completed(holdfast, { type: "DATABASE", encrypt: true, sourceId: sources.blog, storageIds: [bucket, nas] }),
      await completed(holdfast, { type: "MEDIA", compression: "GZIP", sourceId: sources.files, storageIds: [nas] }),
    ];
    const [whole, , blogs, files] = ids;
    const named = await command(holdfast.env, ["update-backup", whole ?? "", "--name", "Zürich 🦊 “before”", "--description", ""]);
    expect(named).toMatchObject({ code: 0, stdout: "Zürich 🦊 “before”\n" });
    for (const [id, pinned] of [
      [whole, true],
      [blogs, true],
      [blogs, false],
    ])
      await holdfast.graphql(pinBackupDocument, { id, pinned });
    await holdfast.graphql(updateBackupDocument, { id: files, input: { description: "Only\nhere" } });
    await labelsWritten(holdfast);
    const labels = (await readdir(join(folder, "second", await folderOf(whole ?? "")))).filter((name) => name.startsWith("labels"));
    expect(labels).toEqual(["labels.2.json"]);
    const before = await portrait(holdfast);
    expect(before.backups).toHaveLength(4);
    expect(before.copies).toHaveLength(8);

    await holdfast.kill("SIGTERM");
    await catalogOf(holdfast).drop();
    await holdfast.restart();
    const dry = await rebuild(holdfast, "This machine", { dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, found: 2, adopted: 2, known: 0, problems: [], missing: [] });
    expect((await portrait(holdfast)).backups).toEqual([]);
    const one = await rebuild(holdfast, "This machine");
    // By its folder, as it is named where there is no catalog: it becomes a storage by that.
    const byFolder = await command(holdfast.env, ["rebuild-catalog", join(folder, "second"), "--json"]);
    const two = JSON.parse(byFolder.stdout) as RebuildReport;
    await addRemote(remote);
    expect(one).toMatchObject({ found: 2, adopted: 2, copies: 0, problems: [] });
    expect(two).toMatchObject({ found: 1, adopted: 0, copies: 1, known: 0, problems: [] });
    expect(await rebuild(holdfast, "Bucket")).toMatchObject({ found: 2, adopted: 1, copies: 1, known: 0, problems: [], missing: [] });
    expect(await rebuild(holdfast, "Nas")).toMatchObject({ found: 3, adopted: 1, copies: 2, known: 0, problems: [], missing: [] });
    expect(one.notes.join()).toContain("enter that of the database of Shop again");
    expect(await portrait(holdfast)).toEqual(before);
    const times = await catalogOf(holdfast).query<{ started_at: Date; finished_at: Date; manifest: string }>(
      "SELECT started_at, finished_at, manifest FROM backups JOIN backup_manifests ON backup_id = id",
    );
    for (const { started_at, finished_at, manifest } of times)
      expect(JSON.parse(manifest)).toMatchObject({ startedAt: started_at.toISOString(), finishedAt: finished_at.toISOString() });
    for (const [name, known] of [
      ["Bucket", 2],
      ["Nas", 3],
    ] as const)
      expect(await rebuild(holdfast, name)).toMatchObject({ found: known, adopted: 0, copies: 0, known });
    expect(await portrait(holdfast)).toEqual(before);

    // Nothing goes by itself until somebody has looked at the retention.
    const { retentionPreview } = await holdfast.graphql<{ retentionPreview: { pausedReason: string } }>(
      "{ retentionPreview { pausedReason } }",
    );
    expect(retentionPreview.pausedReason).toContain("rebuilt from a storage");
    expect(await checked(sources.shop)).toMatchObject({ ok: false, hint: expect.stringContaining("password") });
    await enterPassword("shop", { name: "Shop", mediaPaths: [join(folder, "media")] }, shop.name);
    await enterPassword("blog", { name: "Blog" }, blog.name);
    expect(await checked(sources.shop)).toMatchObject({ ok: true });
    await shop.sql.query("DELETE FROM goods");
    await blog.sql.query("DELETE FROM posts");
    for (const file of ["media/a.txt", "files/d.txt"]) await rm(join(folder, file));
    const restored = async (backupId: string | undefined, type: string) =>
      expect(await restore(holdfast, { backupId, type, backupBeforeRestore: false })).toMatchObject({ status: "COMPLETED", error: null });
    await restored(whole, "FULL");
    // These two are nowhere but in the bucket and on the SFTP server.
    await restored(blogs, "DATABASE");
    await restored(files, "MEDIA");
    expect((await shop.sql.query("SELECT name FROM goods ORDER BY id"))[0]).toEqual([{ name: "one" }, { name: "two" }]);
    expect((await blog.sql.query("SELECT id FROM seen"))[0]).toEqual([{ id: 1 }]);
    expect(Object.keys(await readTree(folder))).toEqual(expect.arrayContaining(["media/a.txt", "files/d.txt"]));
  });

  /** A bucket and a folder on an SFTP server, as they are entered. */
  async function places() {
    const [type, key] = sshd.hostKeys.ed25519.split(" ");
    const account = { host: "127.0.0.1", port: sshd.port, user: sshd.user, privateKey: sshd.privateKey, hostKey: `${type} ${key}` };
    return {
      bucket: { kind: "S3", s3: { ...(await s3.bucket()), prefix: "kept", secretAccessKey: s3Keys.secretAccessKey } },
      nas: { kind: "SFTP", sftp: { ...account, directory: await sshd.newFolder() } },
    };
  }
  async function addRemote(remote: Awaited<ReturnType<typeof places>>) {
    await holdfast.graphql('mutation { updateSettings(input: { allowedEndpoints: ["127.0.0.1"] }) { allowedEndpoints } }');
    return { bucket: await addStorage(holdfast, "Bucket", remote.bucket), nas: await addStorage(holdfast, "Nas", remote.nas) };
  }
  const folderOf = async (id: string) =>
    (await holdfast.graphql<{ backup: { folder: string } }>("query ($id: ID!) { backup(id: $id) { folder } }", { id })).backup.folder;
  const checked = async (id: string) =>
    (
      await holdfast.graphql<{ checkSource: { ok: boolean; message: string; hint: string } }>(
        "mutation ($id: ID) { checkSource(id: $id) { ok message hint } }",
        { id },
      )
    ).checkSource;
  async function enterPassword(source: keyof typeof sources, other: object, database: string): Promise<void> {
    const { socketPath, user, password } = sharedConnection("");
    await holdfast.graphql("mutation ($id: ID!, $input: SourceInput!) { updateSource(id: $id, input: $input) { id } }", {
      id: sources[source],
      input: { ...other, database: { socketPath, user, password, database } },
    });
  }
});

describe("a catalog of an older day", () => {
  it("takes up what is newer, tells what is gone, and deletes nothing", async () => {
    const place = join(holdfast.home, "backups");
    const [renamed, deleted] = [await completed(holdfast, files("Renamed")), await completed(holdfast, files("Deleted since"))];
    await holdfast.kill("SIGTERM");
    const older = await catalogOf(holdfast).dump();
    await holdfast.restart();
    const newer = await completed(holdfast, files("Newer"));
    await holdfast.graphql('mutation ($id: ID!) { updateBackup(id: $id, input: { name: "Its new name" }) { id } }', { id: renamed });
    await holdfast.graphql("mutation ($id: ID!) { deleteBackup(id: $id) }", { id: deleted });
    await labelsWritten(holdfast);
    await holdfast.kill("SIGTERM");
    const after = await contentOf(place);
    await catalogOf(holdfast).load(older);
    await holdfast.restart();

    const report = await rebuild(holdfast, "This machine");
    expect(report).toMatchObject({
      adopted: 1,
      copies: 0,
      foreign: 0,
      problems: [],
      missing: [{ id: deleted, name: "Deleted since" }],
    });
    expect(await nameOf(newer)).toBe("Newer");
    expect(await nameOf(renamed)).toBe("Its new name");
    expect(await nameOf(deleted)).toBe("Deleted since");
    expect(await contentOf(place)).toEqual(after);
  });

  const files = (name: string) => ({ type: "MEDIA", sourceId: sources.files, name });
  const nameOf = async (id: string) =>
    (await holdfast.graphql<{ backup: { name: string } | null }>("query ($id: ID!) { backup(id: $id) { name } }", { id })).backup?.name;
});
