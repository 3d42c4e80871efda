import { Readable } from "node:stream";
import type { TarArchive } from "archiver";
import { openContent, readPieces } from "./content.ts";
import type { Entry, Skipped } from "./entry.ts";
import { tarHeader } from "./header.ts";
import type { Tally } from "./tally.ts";

/** Entries that archiver may hold before they went through; the small files among them lie in memory. */
const mostPending = 16;

/** Puts all that was `found` into the archive, below the prefix of its root, and finalises it. */
export async function feed(
  archive: TarArchive,
  found: Iterable<Entry | Skipped>,
  prefixes: readonly string[],
  tally: Tally,
): Promise<void> {
  const pending = new Pending(archive);
  for (const item of found) {
    if (item.kind === "skipped") {
      tally.problem(item.at, item.problem);
      continue;
    }
    const problem = append(archive, item, prefixes[item.root] ?? "", tally);
    if (problem) tally.problem(item.at, problem);
    else await pending.added();
  }
  await pending.all();
  await archive.finalize();
}

/** Appends one entry; for a file that cannot be read any more, why not. */
function append(archive: TarArchive, found: Entry, prefix: string, tally: Tally): string | null {
  const content = found.kind === "file" ? openContent(found) : { entry: found, bytes: Buffer.alloc(0), problem: null };
  if (!("entry" in content)) return content.problem;
  const header = tarHeader(content.entry, prefix);
  tally.count(found.kind, `${prefix}/${found.path}`);
  if ("fd" in content) {
    const pieces = readPieces(content, (problem) => tally.problem(found.at, problem));
    archive.append(Readable.from(pieces, { highWaterMark: 1 }), { ...header, stats: content.stats });
  } else {
    archive.append(content.bytes, header);
    if (content.problem) tally.problem(found.at, content.problem);
  }
  return null;
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
