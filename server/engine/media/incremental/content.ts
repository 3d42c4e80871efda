import { packsOf } from "../../backup-files.ts";
import type { MediaContent } from "../../content.ts";
import { proveFile } from "../proved.ts";
import { measured, positionsOf } from "../selection.ts";
import type { TarEntry } from "../untar.ts";
import { type PackedChunks, readChunks } from "./chunk-reader.ts";
import type { ListEntry } from "./list-entry.ts";
import { indexEntries, openPackedIndex, type PackedIndex } from "./packed-index.ts";
import { listArtifact, listReader, readList, type StoredMedia } from "./stored-list.ts";

/**
 * The media of an incremental backup as a restore or a drill reads them. With `paths` only the chunks that hold them are
 * read; the folders that lead to them come too. A path that the backup does not hold is BAD_USER_INPUT.
 */
export function storedChunks(stored: StoredMedia): MediaContent | null {
  const { storage, folder, manifest } = stored;
  const { media: summary } = manifest;
  if (!summary) return null;
  const artifact = listArtifact(manifest);
  const packs = packsOf(manifest);

  // Read once for all that is asked of it; a reading that failed or was cancelled is begun anew.
  let opened: Promise<PackedIndex> | null = null;
  const indexOf = (signal: AbortSignal) => {
    opened ??= openPackedIndex(stored, signal).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };

  async function* all(signal: AbortSignal): AsyncGenerator<TarEntry, void> {
    const reader = listReader(stored);
    for await (const entries of readList(stored, reader, signal))
      yield* withContent(entries, { storage, packs, chunks: reader.chunks }, signal);
  }

  async function* some(paths: readonly string[], signal: AbortSignal): AsyncGenerator<TarEntry, void> {
    const index = await indexOf(signal);
    const entries: ListEntry[] = [];
    for (const [from, to] of positionsOf(index, paths)) for (let at = from; at < to; at += 1) entries.push(index.listed(at));
    yield* withContent(entries, { storage, packs, chunks: index.chunks }, signal);
  }

  return {
    summary,
    async verify(paths, { signal }, observe) {
      let bytes = 0;
      const count = (length: number) => {
        bytes += length;
        observe(bytes);
      };
      if (paths) for await (const entry of some(paths, signal)) for await (const piece of entry.body) count(piece.length);
      else
        for (const file of [...packs, { ...artifact, name: `${folder}/${artifact.name}` }]) await proveFile(storage, file, signal, count);
    },
    entries: (paths, signal) => (paths ? some(paths, signal) : all(signal)),
    async measure(paths) {
      const index = paths && (await indexOf(new AbortController().signal));
      if (index) return measured(index, positionsOf(index, paths));
      return { files: summary.files, directories: summary.directories, links: summary.links, bytes: artifact.size };
    },
    async *list(paths, signal) {
      if (!paths) for await (const entries of indexEntries(stored, signal)) yield* entries;
      else {
        const index = await indexOf(signal);
        for (const [from, to] of positionsOf(index, paths)) for (let at = from; at < to; at += 1) yield index.entry(at);
      }
    },
  };
}

const kinds = { FILE: "file", DIRECTORY: "directory", LINK: "link" } as const;

/** These entries with their content, which is read ahead of them; one whose content is not read is passed over. */
async function* withContent(entries: Iterable<ListEntry>, from: PackedChunks, signal: AbortSignal): AsyncGenerator<TarEntry, void> {
  const contents = readChunks(from, piecesOf(entries), signal);
  try {
    for (const entry of entries) {
      let left = entry.pieces.length;
      const next = async () => {
        left -= 1;
        return (await contents.next()).value;
      };
      const { path, kind, size, mode, uid, gid, mtime, target } = entry;
      const name = kind === "DIRECTORY" ? `${path}/` : path;
      const facts = { name, kind: kinds[kind], size, mode, uid, gid, mtime: mtime / 1e6, target: target ?? "" };
      const body = (async function* () {
        while (left > 0) {
          const bytes = await next();
          if (bytes) yield bytes;
        }
      })();
      yield { ...facts, body };
      while (left > 0) await next();
    }
  } finally {
    await contents.return();
  }
}

function* piecesOf(entries: Iterable<ListEntry>): Generator<number, void> {
  for (const { pieces } of entries) yield* pieces;
}
