import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinBackupDocument, type RebuildReport, rebuildDocument, updateBackupDocument } from "../../server/cli/documents/catalog.ts";
import { catalogOf } from "../support/catalog-of.ts";
import { command } from "../support/command.ts";
import { addSource, backUp, type Holdfast, restore, startHoldfast } from "../support/holdfast.ts";
import { writeManifests } from "../support/many-manifests.ts";
import { freshDatabase, sharedConnection } from "../support/shared-server.ts";
import { makeTree, readTree } from "../support/trees.ts";

let holdfast: Holdfast;
let folder: string;
let shop: Awaited<ReturnType<typeof freshDatabase>>;
let blog: Awaited<ReturnType<typeof freshDatabase>>;
let sources: { readonly shop: string; readonly blog: string; readonly files: string };
let places: readonly string[];
beforeAll(async () => {
  [holdfast, shop, blog] = [await startHoldfast(), await freshDatabase("shop"), await freshDatabase("blog")];
  folder = await mkdtemp(join(tmpdir(), "holdfast-rebuild-"));
  await shop.sql.query("CREATE TABLE goods (id INT PRIMARY KEY, name TEXT); INSERT INTO goods VALUES (1, 'one'), (2, 'two')");
  await blog.sql.query("CREATE TABLE posts (id INT PRIMARY KEY); INSERT INTO posts VALUES (1); CREATE VIEW seen AS SELECT id FROM posts");
  const media = await makeTree(join(folder, "media"), { "a.txt": "a", "b/c.txt": "c" });
  sources = {
    shop: await addSource(holdfast, "Shop", shop.name, [media]),
    blog: await addSource(holdfast, "Blog", blog.name),
    files: await addSource(holdfast, "Files", null, [await makeTree(join(folder, "files"), { "d.txt": "d" })]),
  };
  places = [join(holdfast.home, "backups"), join(folder, "second"), join(folder, "third")];
});
afterAll(async () => {
  await holdfast?.[Symbol.asyncDispose]();
  await shop?.[Symbol.asyncDispose]();
  await blog?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function addStorage(on: Holdfast, name: string, directory: string): Promise<string> {
  const { createStorage } = await on.graphql<{ createStorage: { id: string } }>(
    "mutation ($input: StorageInput!) { createStorage(input: $input) { id } }",
    { input: { name, kind: "LOCAL", local: { directory } } },
  );
  return createStorage.id;
}

async function completed(on: Holdfast, input: Record<string, unknown>): Promise<string> {
  const { id, status, error } = await backUp(on, input);
  expect([status, error]).toEqual(["COMPLETED", null]);
  return id;
}

/** The report of a rebuild from the storage of this name. */
async function rebuild(on: Holdfast, name: string, options: { dryRun?: boolean; adoptForeign?: boolean } = {}): Promise<RebuildReport> {
  const { storages } = await on.graphql<{ storages: { id: string; name: string }[] }>("{ storages { id name } }");
  const id = storages.find((storage) => storage.name === name)?.id;
  return (await on.graphql<{ rebuildCatalog: RebuildReport }>(rebuildDocument, { id, ...options })).rebuildCatalog;
}

/** Waits until every storage has the labels that the catalog has. */
const labelsWritten = (on: Holdfast) =>
  expect
    .poll(() =>
      catalogOf(on).query(
        "SELECT b.id FROM backups b JOIN backup_copies c ON c.backup_id = b.id WHERE c.labels_version < b.labels_version AND c.state = 'STORED'",
      ),
    )
    .toEqual([]);

/** What the storages cannot know. */
const unknowable = {
  // Which of its storages is read first is the order of the rebuild; the rest is how its operation ran.
  backups: [
    ...["storage_id", "compression_level", "verify", "worker", "phase", "percent", "bytes_processed", "bytes_expected"],
    ...["bytes_per_second", "eta_seconds", "progress_at", "started_at", "finished_at"],
  ],
  sources: ["database_password", "created_at"],
};

/** Every row that the storages can give back, each storage named by its place. */
async function portrait(on: Holdfast) {
  const catalog = catalogOf(on);
  const rows = (sql: string) => catalog.query<Record<string, unknown>>(sql);
  const without = (row: Record<string, unknown>, names: readonly string[]) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
  const parsed = (row: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, /^[[{]/.test(String(value)) ? JSON.parse(String(value)) : value]));
  return {
    sources: (await rows("SELECT * FROM sources ORDER BY id")).map((row) => parsed(without(row, unknowable.sources))),
    backups: (await rows("SELECT * FROM backups WHERE status = 'COMPLETED' ORDER BY id")).map((row) =>
      parsed(without(row, unknowable.backups)),
    ),
    manifests: (await rows("SELECT * FROM backup_manifests ORDER BY backup_id")).map(parsed),
    copies: await rows(
      "SELECT c.*, s.config AS storage_id FROM backup_copies c JOIN storages s ON s.id = c.storage_id WHERE state = 'STORED' ORDER BY backup_id, s.config",
    ),
  };
}

describe("a catalog that was lost", () => {
  it("comes back from three storages as it was, sources, copies, labels and keys, and its backups restore", async () => {
    const [second, third] = [await addStorage(holdfast, "Second", places[1] ?? ""), await addStorage(holdfast, "Third", places[2] ?? "")];
    const { storages } = await holdfast.graphql<{ storages: { id: string; isDefault: boolean }[] }>("{ storages { id isDefault } }");
    const first = storages.find(({ isDefault }) => isDefault)?.id;
    const everywhere = { sourceId: sources.shop, storageIds: [first, second, third] };
    const ids = [
      await completed(holdfast, { type: "FULL", encrypt: true, description: "Everything", ...everywhere }),
      await completed(holdfast, { type: "DATABASE", name: "Plain", sourceId: sources.shop }),
      await completed(holdfast, { type: "DATABASE", encrypt: true, sourceId: sources.blog, storageIds: [second, third] }),
      await completed(holdfast, { type: "MEDIA", compression: "GZIP", sourceId: sources.files, storageIds: [third] }),
    ];
    const [whole, plain, blogs, files] = ids;
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
    const labels = (await readdir(join(places[2] ?? "", (await folderOf(whole ?? "")) ?? ""))).filter((name) => name.startsWith("labels"));
    expect(labels).toEqual(["labels.2.json"]);
    const before = await portrait(holdfast);
    expect(before.backups).toHaveLength(4);
    expect(before.copies).toHaveLength(7);

    await holdfast.kill("SIGTERM");
    await catalogOf(holdfast).drop();
    await holdfast.restart();
    const dry = await rebuild(holdfast, "This machine", { dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, found: 2, adopted: 2, known: 0, problems: [], missing: [] });
    expect((await portrait(holdfast)).backups).toEqual([]);
    const one = await rebuild(holdfast, "This machine");
    // By its folder, as it is named where there is no catalog: it becomes a storage by that.
    const byFolder = await command(holdfast.env, ["rebuild-catalog", places[1] ?? "", "--json"]);
    const two = JSON.parse(byFolder.stdout) as RebuildReport;
    await addStorage(holdfast, "third", places[2] ?? "");
    const three = await rebuild(holdfast, "third");
    expect(one).toMatchObject({ found: 2, adopted: 2, copies: 0, problems: [] });
    expect(two).toMatchObject({ found: 2, adopted: 1, copies: 1, known: 0, problems: [] });
    expect(three).toMatchObject({ found: 3, adopted: 1, copies: 2, known: 0, problems: [] });
    expect(one.notes.join()).toContain("enter that of the database of Shop again");
    expect(await portrait(holdfast)).toEqual(before);
    const times = await catalogOf(holdfast).query<{ started_at: Date; finished_at: Date; manifest: string }>(
      "SELECT started_at, finished_at, manifest FROM backups JOIN backup_manifests ON backup_id = id",
    );
    for (const { started_at, finished_at, manifest } of times)
      expect(JSON.parse(manifest)).toMatchObject({ startedAt: started_at.toISOString(), finishedAt: finished_at.toISOString() });
    expect(await rebuild(holdfast, "third")).toMatchObject({ found: 3, adopted: 0, copies: 0, known: 3 });
    expect(await portrait(holdfast)).toEqual(before);

    // Nothing goes by itself until somebody has looked at the retention.
    const { retentionPreview } = await holdfast.graphql<{ retentionPreview: { pausedReason: string } }>(
      "{ retentionPreview { pausedReason } }",
    );
    expect(retentionPreview.pausedReason).toContain("rebuilt from a storage");
    expect(await checked(sources.shop)).toMatchObject({ ok: false, hint: expect.stringContaining("password") });
    await enterPassword();
    expect(await checked(sources.shop)).toMatchObject({ ok: true });
    await shop.sql.query("DELETE FROM goods");
    await rm(join(folder, "media/a.txt"));
    expect(await restore(holdfast, { backupId: whole, type: "FULL", backupBeforeRestore: false })).toMatchObject({ status: "COMPLETED" });
    expect((await shop.sql.query("SELECT name FROM goods ORDER BY id"))[0]).toEqual([{ name: "one" }, { name: "two" }]);
    expect(Object.keys(await readTree(join(folder, "media")))).toContain("a.txt");
    expect(plain).toBeDefined();
  });

  const folderOf = async (id: string) =>
    (await holdfast.graphql<{ backup: { folder: string } }>("query ($id: ID!) { backup(id: $id) { folder } }", { id })).backup.folder;
  const checked = async (id: string) =>
    (
      await holdfast.graphql<{ checkSource: { ok: boolean; message: string; hint: string } }>(
        "mutation ($id: ID) { checkSource(id: $id) { ok message hint } }",
        { id },
      )
    ).checkSource;
  async function enterPassword(): Promise<void> {
    const { socketPath, user, password } = sharedConnection("");
    const input = { name: "Shop", mediaPaths: [join(folder, "media")], database: { socketPath, user, password, database: shop.name } };
    await holdfast.graphql("mutation ($id: ID!, $input: SourceInput!) { updateSource(id: $id, input: $input) { id } }", {
      id: sources.shop,
      input,
    });
  }
});

/** Every file below, with what is in it. */
const contentOf = async (directory: string) => {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = names.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(await Promise.all(files.map(async (path) => [path, (await readFile(path)).toString("base64")] as const)));
};

describe("a catalog of an older day", () => {
  it("takes up what is newer, tells what is gone, and deletes nothing", async () => {
    const place = places[0] ?? "";
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

describe("two Holdfasts on one storage", () => {
  it("overwrite nothing of each other, show the other's as foreign, and adopt it only when asked to", async () => {
    const place = join(folder, "shared");
    await addStorage(holdfast, "Shared", place);
    const { storages } = await holdfast.graphql<{ storages: { id: string; name: string }[] }>("{ storages { id name } }");
    const own = storages.find(({ name }) => name === "Shared")?.id;
    await completed(holdfast, { type: "MEDIA", sourceId: sources.files, storageId: own });
    const before = await contentOf(place);

    await using other = await startHoldfast();
    const sourceId = await addSource(other, "Files", null, [join(folder, "media")]);
    const storageId = await addStorage(other, "Theirs", place);
    const theirs = await completed(other, { type: "MEDIA", sourceId, storageId });
    expect(await contentOf(place)).toMatchObject(before);

    const seen = await rebuild(other, "Theirs");
    expect(seen).toMatchObject({ found: 2, adopted: 0, known: 1, foreign: 1, foreignBackups: [{ source: "Files" }], problems: [] });
    expect(await rebuild(holdfast, "Shared")).toMatchObject({ found: 2, adopted: 0, known: 1, foreign: 1 });
    expect(await rebuild(other, "Theirs", { adoptForeign: true })).toMatchObject({
      adopted: 1,
      known: 1,
      foreign: 0,
      sources: [{ name: "Files (2)" }],
    });
    expect(await rebuild(other, "Theirs")).toMatchObject({ adopted: 0, known: 2, foreign: 0 });
    expect(
      (await other.graphql<{ backup: object }>("query ($id: ID!) { backup(id: $id) { source { id } } }", { id: theirs })).backup,
    ).toEqual({
      source: { id: sourceId },
    });
  });
});

describe("what lies on a storage and is no backup of ours", () => {
  it("is told with its reason, and left alone", async () => {
    const place = join(folder, "odd");
    const storageId = await addStorage(holdfast, "Odd", place);
    const take = (name: string) => completed(holdfast, { type: "MEDIA", sourceId: sources.files, storageId, name });
    const [altered, cut, buried, gone, moved] = [
      await take("Altered"),
      await take("Cut"),
      await take("Buried"),
      await take("Gone"),
      await take("Moved"),
    ];
    const at = async (id: string) =>
      (await holdfast.graphql<{ backup: { folder: string } }>("query ($id: ID!) { backup(id: $id) { folder } }", { id })).backup.folder;
    const [alteredAt, cutAt, goneAt, movedAt] = [await at(altered), await at(cut), await at(gone), await at(moved)];
    await cp(join(place, goneAt), join(folder, "brought-back"), { recursive: true });
    await holdfast.graphql("mutation ($id: ID!) { deleteBackup(id: $id) }", { id: gone });
    await cp(join(folder, "brought-back"), join(place, goneAt), { recursive: true });
    const manifest = join(place, alteredAt, "manifest.json");
    await writeFile(manifest, (await readFile(manifest, "utf8")).replace('"Altered"', '"Changed"'));
    await writeFile(join(place, cutAt, "media.tar.zst"), "too short");
    const copied = "files/2026-01-01T00-00-00Z-media-00000000";
    await cp(join(place, movedAt), join(place, copied), { recursive: true });
    const unfinished = "files/2026-01-02T00-00-00Z-media-00000000";
    await mkdir(join(place, unfinished));
    await writeFile(join(place, unfinished, "media.tar.zst"), "half");
    await mkdir(join(place, "someone/else"), { recursive: true });
    await writeFile(join(place, "someone/else/notes.txt"), "not ours");
    await catalogOf(holdfast).query("UPDATE backups SET deleted_at = now(3), deletion_retry_at = now(3) + INTERVAL 1 DAY WHERE id = ?", [
      buried,
    ]);
    const before = await contentOf(place);

    const report = await rebuild(holdfast, "Odd");
    expect(report).toMatchObject({ adopted: 0, copies: 0, missing: [] });
    const told = Object.fromEntries(report.problems.map((problem) => [problem.folder, problem.message]));
    expect(Object.keys(told).sort()).toEqual([alteredAt, cutAt, goneAt, copied, unfinished].sort());
    expect(told[alteredAt]).toContain("altered");
    expect(told[cutAt]).toContain("media.tar.zst has 9 bytes");
    expect(told[goneAt]).toContain("was deleted on");
    expect(told[copied]).toContain(`belongs to ${movedAt}`);
    expect(told[unfinished]).toContain("no manifest");
    expect(await contentOf(place)).toEqual(before);
    const [row] = await catalogOf(holdfast).query<{ deleted_at: Date | null }>("SELECT deleted_at FROM backups WHERE id = ?", [buried]);
    expect(row?.deleted_at).not.toBeNull();
  });
});

describe("a rebuild that is killed in the middle", () => {
  it("keeps what it adopted, and is simply done again", async () => {
    const place = join(folder, "many");
    const count = 700;
    await writeManifests(place, count);
    await using fresh = await startHoldfast();
    const storageId = await addStorage(fresh, "Many", place);
    const rows = async () => (await catalogOf(fresh).query<{ n: number }>("SELECT count(*) AS n FROM backups"))[0]?.n ?? 0;
    const running = fresh
      .graphql("mutation ($id: ID!) { rebuildCatalog(storageId: $id) { adopted } }", { id: storageId })
      .catch(() => "cut off");
    await expect.poll(rows, { interval: 5, timeout: 20_000 }).toBeGreaterThan(50);
    await fresh.kill();
    expect(await running).toBe("cut off");
    expect(await rows()).toBeLessThan(count);
    await fresh.restart();
    const report = await rebuild(fresh, "Many");
    expect(report).toMatchObject({ found: count, problems: [], missing: [], foreign: 0 });
    expect(report.adopted + report.known).toBe(count);
    expect(await rows()).toBe(count);
    expect(await rebuild(fresh, "Many")).toMatchObject({ adopted: 0, known: count });
  });
});
