import { formatBytes } from "../../../shared/format.ts";
import type { Finding, Inspection } from "../../domain/inspection.ts";
import type { MediaSummary } from "../../domain/manifest.ts";
import { type ArchiveCount, checkedEntries } from "./archive-policy.ts";
import { Refused } from "./refused.ts";
import { type SqlInspection, SqlInspector } from "./sql-inspector.ts";

/** What an inspection finds in a file. */
export type Found = Pick<Inspection, "format" | "findings" | "database" | "media" | "unpackedSize" | "collations" | "manifest">;

/** More than this from a byte is no honest compression, once it is more than a gigabyte in all. */
const mostPerByte = 1000;
const ratioMatters = 1024 * 1024 * 1024;

/** Counts what is unpacked, and stops what would never end. */
export async function* limited(bytes: AsyncIterable<Uint8Array>, roomBytes: number, stored: () => number): AsyncGenerator<Buffer, void> {
  let total = 0;
  for await (const piece of bytes) {
    total += piece.length;
    demandRoom(total, stored(), roomBytes);
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  }
}

export function demandRoom(total: number, stored: number, roomBytes: number): void {
  if (total > roomBytes)
    throw new Refused(
      "UNPACKED_TOO_LARGE",
      `The file unpacks to more than the ${formatBytes(roomBytes)} that are free here.`,
      "Free some space, or check that the file is what you think it is.",
    );
  if (total > ratioMatters && total > mostPerByte * stored)
    throw new Refused(
      "UNPACKED_TOO_LARGE",
      `The file unpacks to more than ${mostPerByte} times its size: it is made to fill the disk.`,
      "Check who made it. If it is honest, send it unpacked.",
    );
}

/** Looks into a dump to its end. */
export async function inspectSql(bytes: AsyncIterable<Buffer>): Promise<SqlInspection> {
  const inspector = new SqlInspector();
  for await (const piece of bytes) {
    // What is refused is read to its end all the same: it may be damaged, which is the better thing to say.
    if (!inspector.enough) inspector.feed(piece);
  }
  return inspector.finish();
}

/** Reads every entry to its end, so that its size and its checksum are proved. */
export async function inspectArchive(
  entries: Parameters<typeof checkedEntries>[0],
  links: "refuse" | "keep",
  room: (total: number) => void = () => {},
): Promise<{ media: MediaSummary; findings: Finding[] }> {
  const count: ArchiveCount = { files: 0, directories: 0, links: 0, bytes: 0, tops: new Set() };
  let total = 0;
  for await (const entry of checkedEntries(entries, count, links))
    for await (const piece of entry.body) {
      total += piece.length;
      room(total);
    }
  if (count.files + count.directories + count.links === 0)
    throw new Refused("EMPTY_ARCHIVE", "There is no file in the archive.", "Choose an archive that holds something.");
  const tops = [...count.tops];
  return {
    media: {
      roots: tops.slice(0, 200).map((prefix) => ({ path: prefix, prefix })),
      files: count.files,
      directories: count.directories,
      links: count.links,
      index: null,
      packs: null,
      problems: [],
    },
    findings: [],
  };
}
