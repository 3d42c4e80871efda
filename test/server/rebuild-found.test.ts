import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogOf } from "../support/catalog-of.ts";
import { addSource, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { writeManifests } from "../support/many-manifests.ts";
import { addStorage, completed, contentOf, rebuild } from "../support/rebuilding.ts";
import { makeTree } from "../support/trees.ts";

let holdfast: Holdfast;
let folder: string;
let files: string;
beforeAll(async () => {
  [holdfast, folder] = [await startHoldfast(), await mkdtemp(join(tmpdir(), "holdfast-found-"))];
  files = await addSource(holdfast, "Files", null, [await makeTree(join(folder, "files"), { "d.txt": "d" })]);
});
afterAll(async () => {
  await holdfast?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe("two Holdfasts on one storage", () => {
  it("overwrite nothing of each other, show the other's as foreign, and adopt it only when asked to", async () => {
    const place = join(folder, "shared");
    await addStorage(holdfast, "Shared", place);
    const { storages } = await holdfast.graphql<{ storages: { id: string; name: string }[] }>("{ storages { id name } }");
    const own = storages.find(({ name }) => name === "Shared")?.id;
    await completed(holdfast, { type: "MEDIA", sourceId: files, storageId: own });
    const before = await contentOf(place);

    await using other = await startHoldfast();
    const sourceId = await addSource(other, "Files", null, [await makeTree(join(folder, "media"), { "a.txt": "a" })]);
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
    const take = (name: string) => completed(holdfast, { type: "MEDIA", sourceId: files, storageId, name });
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
