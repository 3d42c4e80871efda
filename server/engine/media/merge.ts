import { mkdir, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../../domain/errors.ts";
import { errnoOf } from "../storage/disk.ts";
import { readMoves, statsOf } from "./moves.ts";
import type { RootSwap } from "./swap-plan.ts";
import { sync } from "./sync.ts";

/**
 * A root that takes in some files and keeps the others. Every move can be taken for itself, forth and back, and what is
 * where tells whether it was: still in the fresh folder, nothing or only the old one moved; else the new one is in place.
 * As long as the list of moves is there, it can be gone through either way; so it goes before anything that it needs.
 */
interface Merging extends RootSwap {
  readonly merge: NonNullable<RootSwap["merge"]>;
}

export async function mergeIn(root: Merging): Promise<void> {
  for await (const { path } of (await readMoves(root.merge.moves)) ?? []) {
    const [fresh, there, old] = placesOf(root, path);
    if (!(await statsOf(fresh))) continue;
    if (await statsOf(there)) {
      // Made by an application since it was looked at: it stays where what is there stays.
      if (root.merge.keeps) continue;
      if (await statsOf(old)) throw inTheWay(there, old);
      await mkdir(dirname(old), { recursive: true, mode: 0o700 });
      await rename(there, old);
    }
    await rename(fresh, there);
  }
  await sync([root.path], new AbortController().signal);
}

export async function takeBack(root: Merging): Promise<void> {
  for await (const { path } of (await readMoves(root.merge.moves)) ?? []) {
    const [fresh, there, old] = placesOf(root, path);
    const isThere = (await statsOf(there)) !== null;
    const isNew = isThere && !(await statsOf(fresh));
    if (isNew) await rename(there, fresh);
    if (!(await statsOf(old))) continue;
    if (isThere && !isNew) throw inTheWay(there, old);
    await rename(old, there);
  }
  await sync([dirname(root.merge.moves)], new AbortController().signal);
  await forget(root);
  await removeEmpty(root.old);
  await rm(root.gone, { recursive: true, force: true });
  await rm(root.fresh, { recursive: true, force: true });
}

export async function finishMerge(root: Merging): Promise<void> {
  await mergeIn(root);
  // Under the other name first: half of it removed, it must never be taken for something to put back.
  if (await statsOf(root.old)) await rename(root.old, root.gone);
  await sync([dirname(root.merge.moves)], new AbortController().signal);
  await forget(root);
  await rm(root.gone, { recursive: true, force: true });
  await rm(root.fresh, { recursive: true, force: true });
}

const placesOf = ({ fresh, path: root, old }: RootSwap, path: string) => [join(fresh, path), join(root, path), join(old, path)] as const;

async function forget({ merge }: Merging): Promise<void> {
  await unlink(merge.moves).catch((error: unknown) => {
    if (errnoOf(error) !== "ENOENT") throw error;
  });
  await sync([dirname(merge.moves)], new AbortController().signal);
}

/** Removes folders only: whatever else may be left of someone's files stays. */
async function removeEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeEmpty(join(folder, entry.name));
  await rmdir(folder).catch(() => {});
}

const inTheWay = (path: string, old: string) =>
  new Failure(
    "CONFLICT",
    `Something made ${path} anew while it was exchanged.`,
    `What was there before lies in ${old}. Move ${path} away, stop what writes to it, and start Holdfast again.`,
  );
