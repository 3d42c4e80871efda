import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { formatCount } from "../../../../shared/format.ts";
import type { MediaSummary } from "../../../domain/manifest.ts";
import type { Running } from "../../part.ts";
import { nameRoots } from "../roots.ts";
import { openSpool } from "../spool.ts";
import type { IncrementalResult } from "./messages.ts";
import { type IncrementalRequest, runChild } from "./run.ts";

/** Media whose new content is in packs on the storage: what is left is to store the list, and to tell of it in the manifest. */
export interface Incremental extends AsyncDisposable {
  /** Of the tar that the list's entries make. */
  readonly size: number;
  readonly summary: MediaSummary;
  /** The list as it is to be stored. */
  list(): Readable;
}

/**
 * Takes an incremental backup of media folders: what the earlier backup holds is not stored again, and files that are
 * unchanged by size, times and inode are not even opened. Fails as `openPack` does; what was stored by then stays to be
 * removed.
 */
export async function openIncremental(request: IncrementalRequest): Promise<Incremental> {
  const { packs, say } = request;
  request.signal.throwIfAborted();
  const named = await nameRoots(request.roots);
  const list = await openSpool();
  try {
    const { result, brought, earlier } = await runChild(request, named, list.fd);
    const { tarSize, listSize: _, packNumbers, unchanged, ...counts } = result;
    const files = packNumbers.map((number) => earlier[number] ?? brought[number - earlier.length]).filter((file) => file !== undefined);
    const addedSize = brought.reduce((sum, { storedSize }) => sum + storedSize, 0);
    const roots = named.map(({ path, prefix }) => ({ path, prefix }));
    const summary = { ...counts, roots, packs: { folder: packs.folder, files, addedSize } };
    tellOf(summary, unchanged, say);
    return {
      size: tarSize,
      summary,
      list: () => createReadStream("", { fd: list, start: 0, autoClose: false, signal: request.signal }),
      [Symbol.asyncDispose]: () => list.close(),
    };
  } catch (error) {
    await list.close();
    throw error;
  }
}

function tellOf({ files, problems }: MediaSummary, unchanged: number, say: Running["say"]): void {
  say("INFO", `${formatCount(files, "file")}, of which ${unchanged.toLocaleString("en-US")} are unchanged since the backup before.`);
  for (const { path, problem } of problems.slice(0, mostLines)) say("WARN", `${path} ${problem}.`);
  if (problems.length > mostLines) say("WARN", "Further problems are listed in the manifest only.");
}
const mostLines = 50;

export type { IncrementalResult };
