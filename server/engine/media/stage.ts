import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RestoreMode } from "../../../shared/enums.ts";
import { noLimits, type SourceLimits } from "../../domain/source-load.ts";
import type { MediaContent } from "../content.ts";
import type { PartProgress, Running } from "../part.ts";
import { statsOf, writeMoves } from "./moves.ts";
import { placeName } from "./names.ts";
import { topsOf } from "./selection.ts";
import { finishMedia, identityOf, type MediaSwapPlan, namesBeside, namesInside, type RootSwap, rollbackMedia, swapMedia } from "./swap.ts";
import { EarlySync, sync } from "./sync.ts";
import { findTargets, onTarget, type Place, type TargetRoot } from "./target.ts";
import { unpack } from "./unpack.ts";
import type { TarEntry } from "./untar.ts";

export interface MediaLoad extends Running {
  /** Each folder of the archive and the media folder that it replaces. */
  readonly roots: readonly { readonly path: string; readonly prefix: string }[];
  readonly content: MediaContent;
  /** Only these entries and what lies below them; null for all. */
  readonly paths: readonly string[] | null;
  readonly mode: RestoreMode;
  readonly restoreId: string;
  /** What it may take of this machine; no limits when left out. */
  readonly limits?: SourceLimits;
  observe(progress: PartProgress): void;
}

/**
 * Unpacks the content beside its targets, which stay untouched. The plan that it resolves to is plain data, to be written
 * down before `swapMedia`. When it rejects, nothing stays beside the targets.
 */
export const stageMedia = (load: MediaLoad): Promise<MediaSwapPlan> => stage(load, "beside");

/** The same inside of the targets, whose content stays in its place until `swapMedia`. */
export const stageInside = (load: MediaLoad): Promise<MediaSwapPlan> => stage(load, "inside");

/**
 * Restores without touching the parents of the targets: for mount points, and where the parent may not be written.
 * Unpacked inside and exchanged by renames; when it rejects, each target holds what it held before. `journal` is given
 * the plan before anything is exchanged: written down as `swapping`, a crash is put right by `rollbackMedia(plan)`, and
 * as `committed` by `finishMedia(plan)`. Without it a crash may leave a target half old, half new.
 */
export async function loadMediaInPlace(load: MediaLoad, journal: (plan: MediaSwapPlan) => Promise<void> = async () => {}): Promise<void> {
  const plan = await stageInside(load);
  try {
    await journal(plan);
    load.signal.throwIfAborted();
    await swapMedia(plan);
  } catch (error) {
    await rollbackMedia(plan);
    throw error;
  }
  await finishMedia(plan);
}

/** Removes what a restore unpacked beside, or inside of, its targets, when it came to no plan. */
export async function discardMedia(restoreId: string, roots: readonly { readonly path: string; readonly prefix: string }[]): Promise<void> {
  // With the old content set aside it is past staging, and the plan's to put right.
  for (const root of await findTargets(roots, "inside").catch(() => []))
    for (const names of [namesBeside(root.at, restoreId), namesInside(root.at, restoreId)])
      if (!(await identityOf(names.old))) await removeFresh(names);
}

async function stage(load: MediaLoad, place: Place): Promise<MediaSwapPlan> {
  load.signal.throwIfAborted();
  const tops = load.paths && topsOf(load.paths);
  const isChosen = ({ prefix }: { prefix: string }) => !tops || [...tops].some((path) => path === prefix || path.startsWith(`${prefix}/`));
  const targets = await findTargets(load.roots.filter(isChosen), place);
  const named = targets.map((root) => ({ root, names: (place === "beside" ? namesBeside : namesInside)(root.at, load.restoreId) }));
  try {
    for (const { root, names } of named) await onTarget(() => makeFresh(root, names, place));
    await unpackAll(load, targets, new Map(named.map(({ root, names }) => [root.prefix, names.fresh])));
    const roots: RootSwap[] = [];
    for (const { root, names } of named) {
      const merge = await onTarget(() => planMerge(load, root, names, tops));
      await sync([names.fresh], load.signal);
      const { moves: _, ...folders } = names;
      const identity = (await identityOf(names.fresh)) ?? "";
      roots.push({ ...folders, path: root.at, existed: root.exists, inside: place === "inside", identity, merge });
    }
    return { restoreId: load.restoreId, roots };
  } catch (error) {
    for (const { names } of named) await removeFresh(names);
    load.signal.throwIfAborted();
    throw error;
  }
}

type Names = ReturnType<typeof namesBeside>;

/** The list first: what it lists must not be missed by it. */
async function removeFresh({ moves, fresh }: Names): Promise<void> {
  await rm(moves, { force: true });
  await rm(fresh, { recursive: true, force: true });
}

async function makeFresh(root: TargetRoot, names: Names, place: Place): Promise<void> {
  if (place === "inside") await mkdir(root.at, { recursive: true });
  // Left by an earlier try of the same restore.
  await removeFresh(names);
  await mkdir(names.fresh, { mode: 0o700 });
}

/** Writes down what moves where in a root that keeps some of what it holds; null when all of it is exchanged. */
async function planMerge(
  { mode, signal }: MediaLoad,
  { at, prefix, exists }: TargetRoot,
  { fresh, moves }: Names,
  tops: ReadonlySet<string> | null,
) {
  if (!exists || (mode === "REPLACE" && (!tops || tops.has(prefix)))) return null;
  const exact = mode === "REPLACE" ? [...(tops ?? [])] : [];
  const below = exact.filter((path) => path.startsWith(`${prefix}/`)).map((path) => path.slice(prefix.length + 1));
  await writeMoves(moves, { root: at, fresh, mode, exact: new Set(below) }, signal);
  return { moves, keeps: mode === "PRESERVE" };
}

/** Reads the content once, from its storage to the folders; it is whole, or this rejects. */
async function unpackAll(load: MediaLoad, targets: readonly TargetRoot[], folders: ReadonlyMap<string, string>): Promise<void> {
  const { content, paths, mode, limits = noLimits, signal, observe } = load;
  const expected = await content.measure(paths);
  await using early = new EarlySync([...folders.values()], signal);
  const told = (progress: PartProgress) => {
    early.wrote(progress.bytes);
    observe(progress);
  };
  const entries = observed(content.entries(paths, signal), expected.bytes, told);
  await unpack(mode === "PRESERVE" ? missingIn(targets, entries) : entries, folders, limits);
  await early.settled();
}

/** Leaves out what is there already, to save the room; what changes until the swap is looked at again then. */
async function* missingIn(targets: readonly TargetRoot[], entries: AsyncIterable<TarEntry>): AsyncGenerator<TarEntry, void> {
  const roots = new Map(targets.map(({ prefix, at }) => [prefix, at]));
  for await (const entry of entries) {
    const { prefix, path } = placeName(entry.name, (known) => roots.has(known));
    const there = entry.kind === "directory" ? null : await statsOf(join(roots.get(prefix) ?? "", path));
    if (!there) yield entry;
  }
}

/** The same entries; tells how far they are, and that they are all there at their end. */
async function* observed(
  entries: AsyncIterable<TarEntry>,
  expected: number,
  observe: (progress: PartProgress) => void,
): AsyncGenerator<TarEntry, void> {
  let bytes = 0;
  for await (const entry of entries) {
    const count = async function* () {
      for await (const piece of entry.body) {
        bytes += piece.length;
        observe({ bytes: Math.min(bytes, expected), item: entry.name });
        yield piece;
      }
    };
    bytes += headerBytes;
    observe({ bytes: Math.min(bytes, expected), item: entry.name });
    yield { ...entry, body: count() };
  }
  observe({ bytes: expected, item: null });
}

/** A header, and one more for the exact time. */
const headerBytes = 3 * 512;
