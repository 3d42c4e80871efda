import { execFileSync } from "node:child_process";
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { MediaContent } from "../../../server/engine/content.ts";
import { discardMedia, loadMediaInPlace, type MediaLoad, stageInside, stageMedia } from "../../../server/engine/media/stage.ts";
import { finishMedia, type MediaSwapPlan, rollbackMedia, swapMedia } from "../../../server/engine/media/swap.ts";
import type { RestoreMode } from "../../../shared/enums.ts";
import { archiveOf, still } from "../../support/media.ts";
import { dir, file, link, makeTree, scratchFolder, type Tree } from "../../support/trees.ts";

const inBackup: Tree = {
  "a.txt": "a of the backup",
  "both/x": "x of the backup",
  "both/backup only": "1",
  "file or folder": "a file in the backup",
  "folder or file/inner": "2",
  "gone/deep/y": "3",
  "gone/empty/": dir(),
  "closed/f": file("4", { mode: 0o400 }),
  "closed/": dir({ mode: 0o555 }),
  link: link("a.txt"),
  "link or folder/z": "5",
};
const isNow: Tree = {
  "a.txt": "a of today",
  "both/x": "x of today",
  "both/today only": "6",
  "file or folder/sub": "7",
  "folder or file": "a file today",
  "closed/today": "8",
  newer: "9",
  "link or folder": link("both"),
};

/** Files and links by path, with what they hold. */
async function texts(root: string, folder = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(join(root, folder))).sort()) {
    const path = join(folder, name);
    const stats = await lstat(join(root, path));
    if (stats.isDirectory()) Object.assign(found, await texts(root, path));
    else found[path] = stats.isSymbolicLink() ? `-> ${await readlink(join(root, path))}` : await readFile(join(root, path), "utf8");
  }
  return found;
}

const textsOf = (tree: Tree) =>
  Object.fromEntries(
    Object.entries(tree).flatMap(([path, node]) => {
      if (typeof node === "string") return [[path, node]];
      if (Buffer.isBuffer(node) || node.kind === "dir" || node.kind === "fifo" || node.kind === "hardlink") return [];
      return [[path, node.kind === "link" ? `-> ${node.target}` : String(node.content)]];
    }),
  );
const [backup, now] = [textsOf(inBackup), textsOf(isNow)];
const only = (all: Record<string, string>, ...paths: string[]) => Object.fromEntries(paths.map((path) => [path, all[path] ?? ""]));
const without = (all: Record<string, string>, ...paths: string[]) => {
  const left = { ...all };
  for (const path of paths) delete left[path];
  return left;
};
const inTheWay = ["file or folder/sub", "folder or file", "link or folder"];

interface Case {
  readonly mode: RestoreMode;
  readonly paths: readonly string[] | null;
  readonly wanted: Record<string, string>;
}
const cases: Record<string, Case> = {
  "REPLACE of everything": { mode: "REPLACE", paths: null, wanted: backup },
  "REPLACE of the root by its name": { mode: "REPLACE", paths: ["m/"], wanted: backup },
  "OVERWRITE of everything": { mode: "OVERWRITE", paths: null, wanted: { ...without(now, ...inTheWay), ...backup } },
  "PRESERVE of everything": {
    mode: "PRESERVE",
    paths: null,
    wanted: { ...now, ...only(backup, "both/backup only", "gone/deep/y", "closed/f", "link") },
  },
  "REPLACE of two folders": {
    mode: "REPLACE",
    paths: ["m/both", "m/gone", "m/both/x"],
    wanted: { ...without(now, "both/today only"), ...only(backup, "both/x", "both/backup only", "gone/deep/y") },
  },
  "REPLACE of what stands in the way": {
    mode: "REPLACE",
    paths: ["m/file or folder", "m/folder or file/inner", "m/link or folder"],
    wanted: { ...without(now, ...inTheWay), ...only(backup, "file or folder", "folder or file/inner", "link or folder/z") },
  },
  "OVERWRITE of one file": { mode: "OVERWRITE", paths: ["m/both/x"], wanted: { ...now, ...only(backup, "both/x") } },
  "OVERWRITE of one deep file": { mode: "OVERWRITE", paths: ["m/gone/deep/y"], wanted: { ...now, ...only(backup, "gone/deep/y") } },
  "OVERWRITE of a folder": {
    mode: "OVERWRITE",
    paths: ["m/both"],
    wanted: { ...now, ...only(backup, "both/x", "both/backup only") },
  },
  "PRESERVE of a folder": { mode: "PRESERVE", paths: ["m/both"], wanted: { ...now, ...only(backup, "both/backup only") } },
  "PRESERVE of a file that is there": { mode: "PRESERVE", paths: ["m/a.txt"], wanted: now },
};

let content: Promise<MediaContent> | undefined;
/** The root as it is today, and what a restore into it asks for. */
async function today({ mode, paths }: Case) {
  content ??= (async () => {
    const root = await makeTree(join(await scratchFolder(), "m"), inBackup);
    return (await archiveOf([root])).content;
  })();
  const top = await scratchFolder();
  const root = await makeTree(join(top, "m"), isNow);
  const roots = [{ path: root, prefix: "m" }];
  const load: MediaLoad = { roots, content: await content, paths, mode, restoreId: "0a1b2c3d-x", observe: () => {}, ...still() };
  return { top, root, load };
}

const readBack = (plan: MediaSwapPlan): MediaSwapPlan => JSON.parse(JSON.stringify(plan));
const places = [
  ["beside", stageMedia],
  ["inside", stageInside],
] as const;

describe.each(Object.entries(cases))("%s", (_, each) => {
  it.each(places)("staged %s ends as it is to, can be undone, and leaves nothing", async (_, stage) => {
    const { top, root, load } = await today(each);
    const plan = readBack(await stage(load));
    expect(without(await texts(root), ...ownIn(await texts(root)))).toEqual(now);
    await swapMedia(plan);
    await rollbackMedia(plan);
    await rollbackMedia(plan);
    expect(await texts(root)).toEqual(now);
    expect(await readdir(top)).toEqual(["m"]);
    const again = readBack(await stage(load));
    await swapMedia(again);
    await finishMedia(again);
    await finishMedia(again);
    expect(await texts(root)).toEqual(each.wanted);
    expect(await readdir(top)).toEqual(["m"]);
    if (each.wanted["closed/f"] && each.paths === null) expect((await lstat(join(root, "closed/f"))).mode & 0o777).toBe(0o400);
  });

  it("in place tells its plan before anything moves, and leaves what was when that fails", async () => {
    const { root, load } = await today(each);
    await expect(loadMediaInPlace(load, () => Promise.reject(new Error("the catalog is gone")))).rejects.toThrow("catalog");
    expect(await texts(root)).toEqual(now);
    const plans: MediaSwapPlan[] = [];
    await loadMediaInPlace(load, async (plan) => void plans.push(plan));
    expect(plans).toHaveLength(1);
    expect(await texts(root)).toEqual(each.wanted);
  });
});

const ownIn = (found: Record<string, string>) => Object.keys(found).filter((path) => path.startsWith(".holdfast-"));

/** Each move is alone, so a crash leaves some done, some half done and some not begun, in any mixture. */
describe.each(places)("a crash among the moves of a merge %s", (_, stage) => {
  it.each(Object.entries(cases).filter(([, { mode, paths }]) => mode !== "REPLACE" || paths?.length !== 1))(
    "is settled wholly old or wholly new: %s",
    async (_, each) => {
      if (each.mode === "REPLACE" && each.paths === null) return;
      const { top, root, load } = await today(each);
      const plan = readBack(await stage(load));
      const [swap] = plan.roots;
      const moves = (await readFile(swap?.merge?.moves ?? "", "utf8")).trimEnd().split("\n").filter(Boolean);
      const copy = join(await scratchFolder(), "copy");
      execFileSync("cp", ["-a", top, copy]);
      for (let mixture = 0; mixture < 3 ** Math.min(moves.length, 2); mixture += 1)
        for (const settle of [rollbackMedia, finishMedia]) {
          for (const [index, line] of moves.entries()) {
            const state = Math.floor(mixture / 3 ** (index % 2)) % 3;
            const { path } = JSON.parse(line) as { path: string };
            const [fresh, there, old] = [join(swap?.fresh ?? "", path), join(root, path), join(swap?.old ?? "", path)];
            if (state > 0 && (await lstat(there).catch(() => null))) {
              await mkdir(dirname(old), { recursive: true });
              await rename(there, old);
            }
            if (state > 1) await rename(fresh, there);
          }
          await settle(plan);
          await settle(plan);
          expect(await texts(root), `${settle.name} of mixture ${mixture}`).toEqual(settle === rollbackMedia ? now : each.wanted);
          expect(await readdir(top)).toEqual(["m"]);
          await rm(root, { recursive: true });
          execFileSync("sh", ["-c", 'cp -a "$1"/. "$2"', "sh", copy, top]);
        }
    },
  );
});

describe("a merge", () => {
  const overwrite = cases["OVERWRITE of everything"] as Case;
  const preserve = cases["PRESERVE of everything"] as Case;

  it("keeps what an application made since it was looked at, where what is there is kept", async () => {
    const { root, load } = await today(preserve);
    const plan = await stageMedia(load);
    await mkdir(join(root, "gone"));
    await writeFile(join(root, "gone/fresh"), "made meanwhile");
    await swapMedia(plan);
    await finishMedia(plan);
    expect(await texts(root)).toEqual({ ...without(preserve.wanted, "gone/deep/y"), "gone/fresh": "made meanwhile" });
  });

  it("puts back what an application made since, too", async () => {
    const { root, load } = await today(overwrite);
    const plan = await stageMedia(load);
    await mkdir(join(root, "gone"));
    await writeFile(join(root, "gone/fresh"), "made meanwhile");
    await swapMedia(plan);
    await rollbackMedia(plan);
    expect(await texts(root)).toEqual({ ...now, "gone/fresh": "made meanwhile" });
  });

  it("makes a root that is not there, of what was asked for only", async () => {
    const { top, root, load } = await today(cases["OVERWRITE of one deep file"] as Case);
    await rm(root, { recursive: true });
    const plan = await stageMedia(load);
    await swapMedia(plan);
    await finishMedia(plan);
    expect(await texts(root)).toEqual({ "gone/deep/y": "3" });
    expect(await readdir(top)).toEqual(["m"]);
  });

  it("leaves nothing when it is discarded while it is staged", async () => {
    const { top, root, load } = await today(overwrite);
    for (const stage of [stageMedia, stageInside]) {
      await stage(load);
      await discardMedia(load.restoreId, load.roots);
      expect(await texts(root)).toEqual(now);
      expect(await readdir(top)).toEqual(["m"]);
    }
  });

  it("refuses a path that the backup does not hold, and touches nothing", async () => {
    const { top, root, load } = await today(overwrite);
    await expect(stageMedia({ ...load, paths: ["m/both", "m/no such"] })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    expect(await texts(root)).toEqual(now);
    expect(await readdir(top)).toEqual(["m"]);
  });
});
