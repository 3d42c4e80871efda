import { lstat, mkdir, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../../domain/errors.ts";
import { errnoOf } from "../storage/disk.ts";
import { finishMerge, mergeIn, takeBack } from "./merge.ts";
import { ours } from "./moves.ts";
import type { MediaSwapPlan, RootSwap } from "./swap-plan.ts";
import { onTarget } from "./target.ts";

export { type MediaSwapPlan, namesBeside, namesInside, type RootSwap } from "./swap-plan.ts";

/**
 * Makes the staged content the roots' content. What was swapped already stays so; when one root fails, all are put back
 * before it rejects.
 */
export async function swapMedia(plan: MediaSwapPlan): Promise<void> {
  try {
    for (const root of plan.roots) await onTarget(() => swapRoot(root));
  } catch (error) {
    await rollbackMedia(plan);
    throw error;
  }
}

/** Makes every root wholly old again, from whatever point of staging or swapping, and again if need be. */
export async function rollbackMedia(plan: MediaSwapPlan): Promise<void> {
  for (const root of [...plan.roots].reverse()) await onTarget(() => rollbackRoot(root));
}

/** Completes a swap that may no longer be undone, from whatever point, and removes the old content. */
export async function finishMedia(plan: MediaSwapPlan): Promise<void> {
  for (const root of plan.roots)
    await onTarget(async () => {
      if (isMerging(root)) return finishMerge(root);
      await swapRoot(root);
      // Under the other name first: half of it removed, it must never be taken for something to put back.
      if (await identityOf(root.old)) await rename(root.old, root.gone);
      await syncFolder(dirname(root.gone));
      await removeWhole(root.gone);
    });
}

const isMerging = (root: RootSwap): root is RootSwap & { readonly merge: NonNullable<RootSwap["merge"]> } => Boolean(root.merge);

const swapRoot = (root: RootSwap) => (isMerging(root) ? mergeIn(root) : root.inside ? swapInside(root) : swapBeside(root));

const rollbackRoot = (root: RootSwap) => (isMerging(root) ? takeBack(root) : root.inside ? rollbackInside(root) : rollbackBeside(root));

/** Device, inode and time of birth, since inodes are used again; null when there is nothing. */
export async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino, birthtimeNs } = await lstat(path, { bigint: true });
    return `${dev}:${ino}:${birthtimeNs}`;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function swapBeside({ path, fresh, old, identity }: RootSwap): Promise<void> {
  if ((await identityOf(fresh)) !== identity) return;
  if (await identityOf(path)) {
    if (await identityOf(old)) throw inTheWay(path, old);
    await rename(path, old);
  }
  await rename(fresh, path);
  await syncFolder(dirname(path));
}

async function rollbackBeside({ path, fresh, old, gone, existed, identity }: RootSwap): Promise<void> {
  const isNew = (await identityOf(path)) === identity;
  const isAside = (await identityOf(old)) !== null;
  if (isNew && (isAside || !existed)) await rename(path, fresh);
  if (isAside) {
    // Onto an empty folder, which an application may have made meanwhile, a rename succeeds.
    await rename(old, path).catch((error: unknown) => {
      const filled = ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(errnoOf(error) ?? "");
      throw filled ? inTheWay(path, old) : error;
    });
  }
  await syncFolder(dirname(path));
  await removeWhole(fresh);
  await removeWhole(gone);
}

const inTheWay = (path: string, old: string) =>
  new Failure(
    "CONFLICT",
    `Something made ${path} anew while its content was exchanged.`,
    `What it held before lies in ${old}. Move ${path} away, stop what writes to it, and start Holdfast again.`,
  );

/*
 * Inside, which names are there tells how far it is: `fresh` alone, nothing moved; `fresh` and `old`, the old children
 * move out; `use` and `old`, the new ones move in; `old` alone, done. Back, it takes the same steps the other way.
 */
async function swapInside({ path, fresh, use, old }: RootSwap): Promise<void> {
  if (await identityOf(fresh)) {
    await mkdir(old, { recursive: true, mode: 0o700 });
    await moveChildren(path, old);
    await rename(fresh, use);
  }
  if (await identityOf(use)) {
    await moveChildren(use, path);
    await rmdir(use);
  }
  await syncFolder(path);
}

async function rollbackInside({ path, fresh, use, old, gone }: RootSwap): Promise<void> {
  if (await identityOf(old)) {
    if (!(await identityOf(fresh))) {
      await mkdir(use, { recursive: true, mode: 0o700 });
      await moveChildren(path, use);
      await rename(use, fresh);
    }
    await moveChildren(old, path);
    await rmdir(old);
  }
  await syncFolder(path);
  await removeWhole(fresh);
  await removeWhole(gone);
}

async function moveChildren(from: string, to: string): Promise<void> {
  for (const name of await readdir(from, { encoding: "buffer" }))
    if (!ours.test(name.toString("latin1"))) await rename(joinRaw(from, name), joinRaw(to, name));
  await syncFolder(to);
  await syncFolder(from);
}

/** The names as the file system has them, whatever their encoding. */
const joinRaw = (folder: string, name: Buffer) => Buffer.concat([Buffer.from(`${folder}/`), name]);

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

const removeWhole = (folder: string) => rm(folder, { recursive: true, force: true });
