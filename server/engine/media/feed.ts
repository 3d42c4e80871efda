import { createHash, hash } from "node:crypto";
import { Readable } from "node:stream";
import type { TarArchive } from "archiver";
import { type Content, openContent, readPieces } from "./content.ts";
import type { Entry, Skipped } from "./entry.ts";
import { headerBytes, padded, tarHeader } from "./header.ts";
import type { IndexEntry } from "./index-line.ts";
import type { IndexWriter } from "./index-writer.ts";
import type { Slabs } from "./slabs.ts";
import type { Tally } from "./tally.ts";

/** Entries that archiver may hold before they went through; the small files among them lie in memory. */
const mostPending = 16;
const endMark = 2 * 512;

/**
 * Puts all that was `found` into the archive, below the prefix of its root, and finalises it; the index gets a line for
 * each entry. The size that the archive then has by the index.
 */
export async function feed(
  archive: TarArchive,
  found: Iterable<Entry | Skipped>,
  prefixes: readonly string[],
  tally: Tally,
  index: IndexWriter,
  slabs: Slabs,
): Promise<number> {
  const pending = new Pending(archive);
  let at = 0;
  for (const item of found) {
    if (item.kind === "skipped") {
      tally.problem(item.at, item.problem);
      continue;
    }
    const content = item.kind === "file" ? openContent(item, slabs) : { entry: item, bytes: Buffer.alloc(0), problem: null };
    if (!("entry" in content)) {
      tally.problem(item.at, content.problem);
      continue;
    }
    at = append({ archive, tally, index, slabs }, content, prefixes[item.root] ?? "", at);
    await pending.added();
    await index.drained();
  }
  await pending.all();
  await archive.finalize();
  return at + endMark;
}

interface Into {
  readonly archive: TarArchive;
  readonly tally: Tally;
  readonly index: IndexWriter;
  readonly slabs: Slabs;
}

/** Appends one entry that begins at byte `at` of the archive; where it ends. */
function append({ archive, tally, index, slabs }: Into, content: Content, prefix: string, at: number): number {
  const { entry } = content;
  const header = tarHeader(entry, prefix);
  const line = indexEntry(entry, prefix, at, at + headerBytes(header) + padded(entry.size));
  tally.count(entry.kind, line.path);
  if ("fd" in content) {
    const open = index.begin(line);
    const pieces = hashed(
      readPieces(content, slabs, (problem) => tally.problem(entry.at, problem)),
      open.done,
    );
    archive.append(Readable.from(pieces, { highWaterMark: 1 }), { ...header, stats: content.stats });
  } else {
    archive.append(content.bytes, header);
    index.add(entry.kind === "file" ? { ...line, sha256: hash("sha256", content.bytes) } : line);
    if (content.problem) tally.problem(entry.at, content.problem);
  }
  return line.end;
}

const indexEntry = ({ path, kind, size, mtime, mode, target }: Entry, prefix: string, at: number, end: number): IndexEntry => ({
  path: path ? `${prefix}/${path}` : prefix,
  kind: kinds[kind],
  size,
  mtime: mtime / 1000,
  mode,
  ...(target === null ? {} : { target }),
  at,
  end,
});

const kinds = { file: "FILE", directory: "DIRECTORY", link: "LINK" } as const;

function* hashed(pieces: Iterable<Buffer>, done: (sha256: string) => void): Generator<Buffer, void> {
  const sum = createHash("sha256");
  for (const piece of pieces) {
    sum.update(piece);
    yield piece;
  }
  done(sum.digest("hex"));
}

/** Counts what archiver was given and what it wrote, and waits while the difference is too large. */
class Pending {
  #count = 0;
  #wake = () => {};

  constructor(archive: TarArchive) {
    archive.on("entry", () => {
      this.#count -= 1;
      this.#wake();
    });
  }

  added(): Promise<void> {
    this.#count += 1;
    return this.#below(mostPending);
  }

  all(): Promise<void> {
    return this.#below(1);
  }

  async #below(limit: number): Promise<void> {
    while (this.#count >= limit) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}
