import { mkdir, rm } from "node:fs/promises";
import type { RestoreMode } from "../../../shared/enums.ts";
import { Failure } from "../../domain/errors.ts";
import type { MediaContent } from "../content.ts";
import type { PartProgress, Running } from "../part.ts";
import { spawnTool } from "../process.ts";
import { finishMedia, identityOf, type MediaSwapPlan, namesBeside, namesInside, type RootSwap, rollbackMedia, swapMedia } from "./swap.ts";
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
 * Replaces what the targets hold without touching their parents: for mount points, and where the parent may not be
 * written. Unpacked inside and exchanged by renames; when it rejects, each target holds what it held before.
 */
export async function loadMediaInPlace(load: MediaLoad): Promise<void> {
  const plan = await stageInside(load);
  try {
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
      if (!(await identityOf(names.old))) await removeWhole(names.fresh);
}

async function stage(load: MediaLoad, place: Place): Promise<MediaSwapPlan> {
  load.signal.throwIfAborted();
  const targets = await findTargets(load.roots, place);
  const named = targets.map((root) => ({ root, names: (place === "beside" ? namesBeside : namesInside)(root.at, load.restoreId) }));
  try {
    for (const { root, names } of named) await onTarget(() => makeFresh(root, names.fresh, place));
    await unpackAll(load, new Map(named.map(({ root, names }) => [root.prefix, names.fresh])));
    const roots: RootSwap[] = [];
    for (const { root, names } of named) {
      await sync(names.fresh, load.signal);
      roots.push({
        ...names,
        path: root.at,
        existed: root.exists,
        inside: place === "inside",
        identity: (await identityOf(names.fresh)) ?? "",
      });
    }
    return { restoreId: load.restoreId, roots };
  } catch (error) {
    for (const { names } of named) await removeWhole(names.fresh);
    load.signal.throwIfAborted();
    throw error;
  }
}

const removeWhole = (folder: string) => rm(folder, { recursive: true, force: true });

async function makeFresh(root: TargetRoot, fresh: string, place: Place): Promise<void> {
  if (place === "inside") await mkdir(root.at, { recursive: true });
  // Left by an earlier try of the same restore.
  await removeWhole(fresh);
  await mkdir(fresh, { mode: 0o700 });
}

/** Reads the content once, from its storage to the folders; it is whole, or this rejects. */
async function unpackAll({ content, paths, signal, observe }: MediaLoad, folders: ReadonlyMap<string, string>): Promise<void> {
  const expected = await content.measure(paths);
  await unpack(observed(content.entries(paths, signal), expected.bytes, observe), folders);
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

/** Brings everything below `folder` to the disk: one call for the whole file system, where one for each file takes minutes. */
async function sync(folder: string, signal: AbortSignal): Promise<void> {
  await using tool = spawnTool("sync", ["-f", "--", folder], { stdout: "ignore", signal });
  const { code, stderr } = await tool.exited;
  signal.throwIfAborted();
  if (code !== 0)
    throw new Failure(
      "LOAD_FAILED",
      `The unpacked media could not be brought to the disk. ${stderr}`.trim(),
      "Check the disk of the media folder.",
    );
}
