import type { Stats } from "node:fs";
import { chmod, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { RestoreMode } from "../../../shared/enums.ts";
import { Failure } from "../../domain/errors.ts";
import { errnoOf } from "../storage/disk.ts";

/**
 * One exchange of a merge: what lies at `path` below the fresh folder goes to the same path below the root, and what is
 * there goes to the same path below the old folder. A folder that is missing in the root, or that is replaced as a whole,
 * is one move.
 */
export interface Move {
  readonly path: string;
  readonly what: "add" | "replace";
}

interface Merge {
  readonly root: string;
  readonly fresh: string;
  readonly mode: RestoreMode;
  /** Replaced as they are, with all that lies in them: paths below the root. */
  readonly exact: ReadonlySet<string>;
}

/** Our own folders and lists of any restore: they are never content. */
export const ours = /^\.holdfast-(?:new|use|old|gone|moves)-/;

/** Compares the fresh folder with the root and writes the moves down in a new file, durable when it resolves. */
export async function writeMoves(file: string, merge: Merge, signal: AbortSignal): Promise<void> {
  await using handle = await open(file, "wx", 0o600);
  let lines = "";
  for await (const move of findMoves(merge, "", signal)) {
    lines += `${JSON.stringify(move)}\n`;
    if (lines.length < 64 * 1024) continue;
    await handle.writeFile(lines);
    lines = "";
  }
  await handle.writeFile(lines);
  await handle.sync();
}

async function* findMoves(merge: Merge, folder: string, signal: AbortSignal): AsyncGenerator<Move, void> {
  const fresh = join(merge.fresh, folder);
  // What is in it moves out one by one, whatever rights the backup gives it.
  await chmod(fresh, 0o700);
  for (const entry of await readdir(fresh, { withFileTypes: true })) {
    signal.throwIfAborted();
    if (folder === "" && ours.test(entry.name)) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    const there = await statsOf(join(merge.root, path));
    if (!there) yield { path, what: "add" };
    else if (merge.exact.has(path)) yield { path, what: "replace" };
    else if (entry.isDirectory() && there.isDirectory()) yield* findMoves(merge, path, signal);
    else if (merge.mode !== "PRESERVE") yield { path, what: "replace" };
  }
}

/** What is there, no link followed; null when nothing is. */
export async function statsOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

const line = z.object({ path: z.string().min(1), what: z.enum(["add", "replace"]) });

/** The moves that were written down; null when there are none (any more). */
export async function readMoves(file: string): Promise<AsyncGenerator<Move, void> | null> {
  const handle = await open(file).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  });
  return (
    handle &&
    (async function* () {
      try {
        for await (const text of handle.readLines({ autoClose: false })) yield read(text, file);
      } finally {
        await handle.close();
      }
    })()
  );
}

function read(text: string, file: string): Move {
  const move = line.safeParse(JSON.parse(text));
  if (move.success && !move.data.path.split("/").includes("..")) return move.data;
  throw new Failure("INTERNAL", `${file} is not the list that a restore wrote.`);
}
