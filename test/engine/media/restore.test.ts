import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { discardMedia, loadMediaInPlace, type MediaLoad, stageInside, stageMedia } from "../../../server/engine/media/stage.ts";
import { finishMedia, identityOf, type MediaSwapPlan, rollbackMedia, swapMedia } from "../../../server/engine/media/swap.ts";
import { contentOf, loadOf, nasty, packed } from "../../support/media.ts";
import { dir, makeTree, readTree, scratchFolder, type Tree } from "../../support/trees.ts";

const before: Tree = { "a.txt": "old", "only old/x": "gone after it", "leer/": dir() };
const now: Tree = { "a.txt": "a newer one", "newer/y": "gone after it", ".hidden": "h" };
const next: Tree = { "b.txt": "second root" };

/** Made once: the trees have fixed times and modes, so they are the same wherever they lie. */
let archive: ReturnType<typeof packed> | undefined;

/** Two roots as they are now, their archive, and what they are and were to be. */
async function twoRoots() {
  const top = await scratchFolder();
  const paths = [join(top, "media"), join(top, "uploads")] as const;
  await makeTree(paths[0], before);
  await makeTree(paths[1], next);
  const wanted = await Promise.all(paths.map(readTree));
  archive ??= packed(paths);
  const { bytes, summary } = await archive;
  await rm(paths[0], { recursive: true });
  await makeTree(paths[0], now);
  await writeFile(join(paths[1], "newer.txt"), "gone after it");
  const was = await Promise.all(paths.map(readTree));
  const roots = paths.map((path, index) => ({ path, prefix: summary.roots[index]?.prefix ?? "" }));
  return { top, paths, wanted, was, bytes, summary, load: loadOf(bytes, summary, roots) };
}

const trees = (paths: readonly string[]) => Promise.all(paths.map(readTree));
/** The plan as it comes back from the catalog after a crash. */
const readBack = (plan: MediaSwapPlan): MediaSwapPlan => JSON.parse(JSON.stringify(plan));

describe("a staged restore", () => {
  it("brings back every name, mode, time, owner, link and byte, and what is newer is gone", async () => {
    const top = await scratchFolder();
    const root = await makeTree(join(top, "media"), nasty);
    const wanted = await readTree(root);
    const { bytes, summary, size } = await packed([root]);
    await rm(root, { recursive: true });
    await makeTree(root, now);
    const seen: number[] = [];
    const plan = await stageMedia({ ...loadOf(bytes, summary, summary.roots, { size }), observe: ({ bytes }) => seen.push(bytes) });
    expect(Object.keys(await readTree(root))).toEqual([".", ".hidden", "a.txt", "newer", "newer/y"]);
    await swapMedia(readBack(plan));
    expect(await readTree(root)).toEqual(wanted);
    await finishMedia(readBack(plan));
    expect(await readTree(root)).toEqual(wanted);
    expect(await readdir(top)).toEqual(["media"]);
    expect(seen.at(-1)).toBe(size);
  });

  it.each(["NONE", "GZIP"] as const)("reads %s too", async (compression) => {
    const root = await makeTree(join(await scratchFolder(), "media"), before);
    const wanted = await readTree(root);
    const { bytes, summary } = await packed([root], [], compression);
    await rm(root, { recursive: true });
    const plan = await stageMedia(loadOf(bytes, summary, summary.roots, { compression }));
    await swapMedia(plan);
    await finishMedia(plan);
    expect(await readTree(root)).toEqual(wanted);
  });

  it("makes a root that is not there, and takes it away again on the way back", async () => {
    const { top, paths, wanted, load } = await twoRoots();
    await rm(paths[0], { recursive: true });
    const plan = await stageMedia(load);
    await swapMedia(plan);
    expect(await trees(paths)).toEqual(wanted);
    await rollbackMedia(plan);
    expect(await readdir(top)).toEqual(["uploads"]);
  });

  it("puts all roots back when one of them cannot be swapped", async () => {
    const { top, paths, was, load } = await twoRoots();
    const plan = await stageMedia(load);
    // Something stands where the second root's old content is to go.
    await mkdir(plan.roots[1]?.old ?? "");
    await expect(swapMedia(plan)).rejects.toMatchObject({ code: "CONFLICT" });
    await rm(plan.roots[1]?.old ?? "", { recursive: true, force: true });
    await rollbackMedia(plan);
    expect((await trees(paths))[0]).toEqual(was[0]);
    expect((await readdir(top)).filter((name) => name !== "uploads")).toEqual(["media"]);
  });

  it("leaves an application's new folder in peace when a rollback comes twice", async () => {
    const { paths, load } = await twoRoots();
    await rm(paths[0], { recursive: true });
    const plan = await stageMedia(load);
    await swapMedia(plan);
    await rollbackMedia(plan);
    await makeTree(paths[0], { "made by the application": "" });
    await rollbackMedia(plan);
    expect(await readdir(paths[0])).toEqual(["made by the application"]);
  });
});

/** Every rename of a swap is a place to die at: a copy of the folder is taken before each of them. */
describe.each(["beside", "inside"] as const)("a crash in a swap %s", (place) => {
  const images: { name: string; tar: string }[] = [];
  let at = { top: "", paths: ["", ""] as readonly string[], wanted: [] as unknown[], was: [] as unknown[] };
  let plan: MediaSwapPlan;
  let folder = "";
  const keep = (name: string) => {
    const tar = join(folder, `${images.length}.tar`);
    execFileSync("cp", ["-a", at.top, tar]);
    images.push({ name, tar });
  };

  beforeAll(async () => {
    folder = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("is settled wholly old by a rollback and wholly new by a finish, wherever it was", async () => {
    const { load, ...rest } = await twoRoots();
    at = rest;
    plan = await (place === "beside" ? stageMedia(load) : stageInside(load));
    const steps = place === "beside" ? stepsBeside(plan) : await stepsInside(plan);
    for (const [index, step] of steps.entries()) {
      for (const settle of ["rollback", "finish"] as const) {
        keep(`${settle} ${index}`);
        await (settle === "rollback" ? rollbackMedia : finishMedia)(readBack(plan));
        const found = await trees(at.paths);
        expect(contents(found), `${settle} before step ${index}`).toEqual(contents(settle === "rollback" ? at.was : at.wanted));
        expect((await readdir(at.top)).sort()).toEqual(["media", "uploads"]);
        // Once more changes nothing.
        await (settle === "rollback" ? rollbackMedia : finishMedia)(readBack(plan)).catch(() => {});
        expect(contents(await trees(at.paths))).toEqual(contents(found));
        await goBackTo(images.at(-1)?.tar ?? "");
      }
      await step();
    }
  });

  /** The copy has other inodes, so the plan learns them: only a crash of the machine is played here, not one of the inodes. */
  async function goBackTo(tar: string) {
    for (const name of await readdir(at.top)) await rm(join(at.top, name), { recursive: true });
    execFileSync("sh", ["-c", 'cp -a "$1"/. "$2"', "sh", tar, at.top]);
    const isNew = async (path: string) => (await readdir(path).catch(() => ["newer"])).some((name) => name.startsWith("newer")) === false;
    const roots = await Promise.all(
      plan.roots.map(async (root) => {
        const fresh = (await identityOf(root.fresh)) ?? ((await isNew(root.path)) ? await identityOf(root.path) : null);
        return { ...root, identity: fresh ?? "" };
      }),
    );
    plan = { ...plan, roots };
  }
});

/** Names and contents; in place, a root keeps its own mode and time. */
const contents = (found: unknown[]) =>
  found.map((tree) => Object.fromEntries(Object.entries(tree as Awaited<ReturnType<typeof readTree>>).filter(([name]) => name !== ".")));

function stepsBeside(plan: MediaSwapPlan): (() => Promise<unknown>)[] {
  const steps = plan.roots.flatMap(({ path, fresh, old }) => [() => rename(path, old), () => rename(fresh, path)]);
  return [...steps, async () => {}];
}

async function stepsInside(plan: MediaSwapPlan): Promise<(() => Promise<unknown>)[]> {
  const steps: (() => Promise<unknown>)[] = [];
  for (const { path, fresh, use, old } of plan.roots) {
    steps.push(() => mkdir(old));
    for (const name of await readdir(path)) if (!name.startsWith(".holdfast-")) steps.push(() => rename(join(path, name), join(old, name)));
    steps.push(() => rename(fresh, use));
    for (const name of await readdir(fresh)) steps.push(() => rename(join(use, name), join(path, name)));
    steps.push(() => rm(use, { recursive: true }));
  }
  return [...steps, async () => {}];
}

describe("a restore in place", () => {
  it("exchanges what the folder holds and leaves nothing of its own", async () => {
    const { paths, wanted, load } = await twoRoots();
    await loadMediaInPlace(load);
    expect(contents(await trees(paths))).toEqual(contents(wanted));
  });

  it("leaves each folder as it was when the archive is damaged", async () => {
    const { paths, was, bytes, summary, load } = await twoRoots();
    const content = contentOf(bytes, summary, { sha256: "0".repeat(64) });
    await expect(loadMediaInPlace({ ...load, content })).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    expect(contents(await trees(paths))).toEqual(contents(was));
  });
});

describe("staging that fails leaves nothing beside and the folders untouched:", () => {
  type Archive = Awaited<ReturnType<typeof twoRoots>>;
  const refused: [string, (archive: Archive) => Partial<MediaLoad>, object][] = [
    [
      "another checksum",
      ({ bytes, summary }) => ({ content: contentOf(bytes, summary, { sha256: "0".repeat(64) }) }),
      { code: "ARTIFACT_CORRUPT", message: expect.stringContaining("checksum") },
    ],
    [
      "one file fewer than the manifest says",
      ({ bytes, summary }) => ({ content: contentOf(bytes, { ...summary, files: summary.files + 1 }) }),
      { code: "ARTIFACT_CORRUPT", message: expect.stringContaining("manifest") },
    ],
    [
      "another packing",
      ({ bytes, summary }) => ({ content: contentOf(bytes, summary, { compression: "GZIP" }) }),
      { code: "ARTIFACT_CORRUPT" },
    ],
    [
      "a storage that fails",
      ({ bytes, summary }) => ({
        content: contentOf(bytes, summary, { storage: { get: () => Promise.reject(new Error("the share is gone")) } }),
      }),
      { message: expect.stringContaining("share is gone") },
    ],
    [
      "a storage that fails midway",
      ({ bytes, summary }) => ({
        content: contentOf(bytes, summary, { storage: { get: async () => createReadStream("/proc/self/mem", { start: 0 }) } }),
      }),
      { code: "EIO" },
    ],
    ["a cancel before", () => ({ signal: AbortSignal.abort(new Error("cancelled")) }), { message: "cancelled" }],
  ];
  it.each(refused)("%s", async (_, change, error) => {
    const archive = await twoRoots();
    const { top, paths, was, load } = archive;
    await expect(stageMedia({ ...load, ...change(archive) })).rejects.toMatchObject(error);
    expect(await trees(paths)).toEqual(was);
    expect(await readdir(top)).toEqual(["media", "uploads"]);
  });

  it("a cancel while it unpacks", async () => {
    const { top, paths, was, load } = await twoRoots();
    const abort = new AbortController();
    const reason = new Error("cancelled by its user");
    const work = stageMedia({ ...load, signal: abort.signal, observe: () => abort.abort(reason) });
    await expect(work).rejects.toBe(reason);
    expect(await trees(paths)).toEqual(was);
    expect(await readdir(top)).toEqual(["media", "uploads"]);
  });

  it("a crash, when it is discarded afterwards", async () => {
    const { top, paths, was, load } = await twoRoots();
    await stageMedia(load);
    expect(await readdir(top)).toHaveLength(4);
    await discardMedia(load.restoreId, load.roots);
    await discardMedia(load.restoreId, load.roots);
    expect(await readdir(top)).toEqual(["media", "uploads"]);
    expect(await trees(paths)).toEqual(was);
  });
});

describe("a target that cannot be swapped is refused before anything is read:", () => {
  const unread = (path: string): MediaLoad => ({
    ...loadOf(
      Buffer.alloc(0),
      { roots: [], files: 0, directories: 0, links: 0, problems: [], index: null, packs: null },
      [{ path, prefix: "m" }],
      {
        storage: { get: () => Promise.reject(new Error("it was read")) },
      },
    ),
  });

  it.each([
    ["a file", async (top: string) => writeFile(join(top, "m"), ""), "Move"],
    ["a link to nothing", async (top: string) => symlink("nowhere", join(top, "m")), "remove the link"],
    ["a folder whose parent is missing", async (top: string) => rm(top, { recursive: true }), "Make it"],
  ])("%s", async (_, prepare, hint) => {
    const top = await scratchFolder();
    await prepare(top);
    await expect(stageMedia(unread(join(top, "m")))).rejects.toMatchObject({
      code: "SOURCE_UNAVAILABLE",
      hint: expect.stringContaining(hint),
    });
  });

  it("a mount point, or a folder with one in it", async () => {
    const mounted = { code: "SOURCE_UNAVAILABLE", message: expect.stringContaining("mount") };
    await expect(stageMedia(unread("/proc"))).rejects.toMatchObject({ ...mounted, hint: expect.stringContaining("in place") });
    await expect(stageMedia(unread("/dev"))).rejects.toMatchObject(mounted);
  });
});

it("follows a root that is a link, and swaps the folder that it names", async () => {
  const top = await scratchFolder();
  await makeTree(join(top, "real"), before);
  await symlink("real", join(top, "media"));
  const wanted = await readTree(join(top, "real"));
  const { bytes, summary } = await packed([join(top, "media")]);
  await writeFile(join(top, "real/newer"), "");
  await chmod(join(top, "real"), 0o700);
  const plan = await stageMedia(loadOf(bytes, summary, summary.roots));
  await swapMedia(plan);
  await finishMedia(plan);
  expect(await readTree(join(top, "real"))).toEqual(wanted);
  expect((await readdir(top)).sort()).toEqual(["media", "real"]);
});
