import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { planMedia } from "../../../server/engine/media/plan.ts";
import { stageMedia } from "../../../server/engine/media/stage.ts";
import { finishMedia, swapMedia } from "../../../server/engine/media/swap.ts";
import { archiveOf, still } from "../../support/media.ts";
import { link, makeTree, readTree, scratchFolder, type Tree } from "../../support/trees.ts";

const inBackup: Tree = { a: "12345", "d/b": "b", "d/e/c": "c", "x/y": "y", f: "f", "g/h": "h", l: link("a") };
const isNow: Tree = {
  a: "1",
  "d/b": "2",
  "d/new": "3",
  "d/e/new": "4",
  "d/more/new": "5",
  "f/1": "6",
  "f/2/3": "7",
  g: "8",
  new: "9",
  l: link("d"),
};
const { signal } = still();

const made = async () => {
  const top = await scratchFolder();
  const { content } = await archiveOf([await makeTree(join(top, "backup/m"), inBackup)]);
  const root = await makeTree(join(top, "m"), isNow);
  return { content, root, roots: [{ path: root, prefix: "m" }] };
};

it.each([
  ["REPLACE", null, [3, 4, 7, 0]],
  ["OVERWRITE", null, [3, 4, 3, 4]],
  ["PRESERVE", null, [0, 2, 0, 10]],
  ["REPLACE", ["m/d"], [1, 1, 3, 6]],
  ["OVERWRITE", ["m/d", "m/x/y"], [1, 2, 0, 9]],
  ["OVERWRITE", ["m/f", "m/l"], [1, 1, 2, 7]],
  ["PRESERVE", ["m/g/h"], [0, 0, 0, 10]],
] as const)("foretells %s of %j as the restore then does it", async (mode, paths, [replaced, added, removed, kept]) => {
  const { content, root, roots } = await made();
  const before = filesOf(await readTree(root));
  const [plan] = await planMedia(content, roots, paths, mode, signal);
  expect(plan).toMatchObject({
    path: root,
    exists: true,
    filesReplaced: replaced,
    filesAdded: added,
    filesRemoved: removed,
    filesKept: kept,
  });
  const swap = await stageMedia({ roots, content, paths, mode, restoreId: "0a1b2c3d", observe: () => {}, ...still() });
  await swapMedia(swap);
  await finishMedia(swap);
  const after = filesOf(await readTree(root));
  expect(after.length).toBe(replaced + added + kept);
  expect(before.filter((path) => !after.includes(path)).length + (after.length - added)).toBe(before.length);
});

const filesOf = (tree: Awaited<ReturnType<typeof readTree>>) => Object.keys(tree).filter((path) => tree[path]?.kind !== "directory");

it("foretells a folder that is not there, one without a list, and counts bytes", async () => {
  const { content, root, roots } = await made();
  await rm(root, { recursive: true });
  const numbers = { filesReplaced: 0, filesAdded: 7, filesRemoved: 0, filesKept: 0, bytes: 10 };
  expect(await planMedia(content, roots, null, "REPLACE", signal)).toEqual([{ path: root, exists: false, ...numbers }]);
  await mkdir(root);
  await writeFile(join(root, "x"), "");
  const { list: _, ...unlisted } = content;
  expect(await planMedia(unlisted, roots, null, "REPLACE", signal)).toMatchObject([{ exists: true, filesReplaced: null, bytes: null }]);
  await expect(planMedia(content, roots, ["m/none"], "REPLACE", signal)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
});

it("counts a folder of many files", async () => {
  const { content, root, roots } = await made();
  execFileSync("sh", ["-c", "mkdir many && cd many && seq 1 20000 | xargs touch", "sh"], { cwd: root });
  expect(await planMedia(content, roots, null, "OVERWRITE", signal)).toMatchObject([{ filesKept: 20_004 }]);
});
