import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command } from "../support/command.ts";
import { addSource, backUp, follow, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { addStorage, contentOf } from "../support/rebuilding.ts";
import { makeTree } from "../support/trees.ts";

let holdfast: Holdfast;
let folder: string;
let allowed: string;
let sourceId: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-copies-"));
  allowed = join(folder, "allowed");
  await mkdir(allowed);
  holdfast = await startHoldfast({ env: { HOLDFAST_STORAGE_ROOTS: `/nowhere:${allowed}` } });
  sourceId = await addSource(holdfast, "Letters", null, [await makeTree(join(folder, "letters"), { "a.txt": "a" })]);
});
afterAll(async () => {
  await holdfast?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => command(holdfast.env, args);
const placesOf = async (id: string) => {
  const { backup } = await holdfast.graphql<{ backup: { copies: { state: string; primary: boolean; storage: { name: string } }[] } }>(
    "query ($id: ID!) { backup(id: $id) { copies { state primary storage { name } } } }",
    { id },
  );
  return backup.copies.map(({ storage, state, primary }) => `${storage.name} ${state}${primary ? ", read first" : ""}`);
};

describe("a folder for a storage", () => {
  it("is refused outside of those that HOLDFAST_STORAGE_ROOTS names, also by a link in one, and nothing is made", async () => {
    const [outside, link] = [join(folder, "outside"), join(allowed, "link")];
    await mkdir(outside);
    await symlink(outside, link);
    for (const directory of [outside, `${allowed}-beside`, join(allowed, "../outside"), link, join(link, "deep")])
      await expect(addStorage(holdfast, "Outside", directory)).rejects.toThrow(
        /^BAD_USER_INPUT: .* is not in a folder that may hold storages: \/nowhere, .*HOLDFAST_STORAGE_ROOTS/,
      );
    expect([await readdir(folder), await readdir(outside)]).toEqual([["allowed", "letters", "outside"], []]);
  });
});

describe("a backup that was taken to one storage", () => {
  it("is brought to a second one, byte for byte, and taken away there, over the API", async () => {
    const near = join(holdfast.home, "backups");
    const storageId = await addStorage(holdfast, "Shelf", join(allowed, "shelf"));
    const { id } = await backUp(holdfast, { type: "MEDIA", sourceId });
    const copy = () =>
      holdfast.graphql<{ copyBackup: { id: string } }>(
        "mutation ($id: ID!, $storageId: ID!) { copyBackup(id: $id, storageId: $storageId) { id } }",
        { id, storageId },
      );
    const events = await follow(holdfast, (await copy()).copyBackup.id);
    expect(events.at(-1)).toMatchObject({ kind: "COPY", status: "COMPLETED", percent: 100 });
    expect(await placesOf(id)).toEqual(["This machine STORED, read first", "Shelf STORED"]);
    const files = async (place: string) =>
      Object.entries(await contentOf(place))
        .map(([path, content]) => [path.slice(place.length), content] as const)
        .filter(([path]) => path.startsWith("/letters/"));
    expect(await files(join(allowed, "shelf"))).toEqual(await files(near));
    expect(await files(near)).not.toEqual([]);
    await expect(copy()).rejects.toThrow(/^CONFLICT/);

    const remove = (storage: string) =>
      holdfast.graphql("mutation ($id: ID!, $storage: ID!) { removeCopy(id: $id, storageId: $storage) { id } }", { id, storage });
    await remove(storageId);
    await expect.poll(() => files(join(allowed, "shelf"))).toEqual([]);
    expect(await placesOf(id)).toEqual(["This machine STORED, read first"]);
    const { storages } = await holdfast.graphql<{ storages: { id: string; isDefault: boolean }[] }>("{ storages { id isDefault } }");
    await expect(remove(storages.find(({ isDefault }) => isDefault)?.id ?? "")).rejects.toThrow(/^CONFLICT/);
    expect(await files(near)).not.toEqual([]);
  });

  it("is brought to a storage by its name on the command line, and taken away there after a yes alone", async () => {
    await addStorage(holdfast, "Attic", join(allowed, "attic"));
    const { id } = await backUp(holdfast, { type: "MEDIA", sourceId, name: "Kept twice" });
    expect(await run("copy-backup", id, "--storage", "Nowhere")).toMatchObject({ code: 1, stderr: expect.stringContaining("Nowhere") });
    expect(await run("copy-backup", id, "--storage", "Attic")).toMatchObject({ code: 0, stdout: "Kept twice is on Attic too.\n" });
    expect(await placesOf(id)).toEqual(["This machine STORED, read first", "Attic STORED"]);
    const remove = (...words: string[]) => run("remove-copy", id, "--storage", ...words);
    expect(await remove("Attic")).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
    // The copy that is read first goes: the other one takes its place.
    expect(await remove("This machine", "--yes")).toMatchObject({ code: 0, stdout: "Removed Kept twice from This machine.\n" });
    expect(await placesOf(id)).toEqual(["Attic STORED, read first"]);
    expect(await remove("Attic", "--yes")).toMatchObject({ code: 1, stdout: "" });
    expect(await placesOf(id)).toEqual(["Attic STORED, read first"]);
  });
});
