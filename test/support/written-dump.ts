import { createHash } from "node:crypto";
import type { DatabaseSummary, Section, TableSummary } from "../../server/domain/manifest.ts";
import { packFrame } from "../../server/engine/codec/frames.ts";
import type { DatabaseContent } from "../../server/engine/content.ts";
import { contentOf } from "../../server/engine/stored-content.ts";
import type { Compression } from "../../shared/enums.ts";
import { manifestWith } from "./about.ts";
import { memoryStorage } from "./memory-storage.ts";

/** A section of a dump by several connections, as a test writes it down: its frames as text. */
export interface WrittenSection {
  readonly table: string | null;
  readonly rows: number | null;
  readonly frames: readonly (string | Buffer)[];
}

/** A frame of rows as the writer of such dumps makes it; `rows` are their lines without the ends. */
export const frameOf = (table: string, columns: string, rows: readonly string[]) =>
  `/*!40101 SET NAMES binary */;\nINSERT INTO \`${table}\` (${columns}) VALUES\n${rows.join(",\n")};\n/*!40101 SET NAMES utf8mb4 */;\n`;

/** What a dump of these InnoDB tables says of itself. */
export const summaryOf = (tables: Readonly<Record<string, number>>): DatabaseSummary => ({
  ...{ name: "shop", flavour: "mariadb", serverVersion: "10.11", characterSet: "utf8mb4", collation: "utf8mb4_general_ci" },
  tables: Object.entries(tables).map(
    ([name, rows]): TableSummary => ({ name, rows, engine: "InnoDB", bytes: 0, checksum: null, ranges: null }),
  ),
  definitions: { views: 0, triggers: 0, procedures: 0, functions: 0, events: 0 },
  ...{ dataBytes: 0, notes: [], sections: null, binlog: null, engine: "PARALLEL", snapshot: null },
});

/** A stored dump of these sections, each with the checksum of what it holds. */
export async function writtenDump(
  sections: readonly WrittenSection[],
  tables: Readonly<Record<string, number>>,
  compression: Compression = "ZSTD",
) {
  const stored: Buffer[] = [];
  const told: Section[] = [];
  let [offset, all] = [0, 0];
  for (const { table, rows, frames } of sections) {
    const texts = frames.map((frame) => Buffer.from(frame));
    const packed = await Promise.all(texts.map((text) => packFrame(text, { compression, level: 1 })));
    const [bytes, size] = [Buffer.concat(packed), texts.reduce((sum, { length }) => sum + length, 0)];
    told.push({
      ...{ table, rows, offset, storedSize: bytes.length, size, sha256: hashOf(bytes) },
      frames: packed.map((frame, index) => [frame.length, texts[index]?.length ?? 0]),
    });
    stored.push(bytes);
    offset += bytes.length;
    all += size;
  }
  return storedDumpOf(Buffer.concat(stored), { ...summaryOf(tables), sections: told }, compression, all);
}

/** The dump of a backup in memory whose storage holds these bytes, and where they lie. */
export function storedDumpOf(bytes: Buffer, summary: DatabaseSummary, compression: Compression, size: number) {
  const [storage, name] = [memoryStorage(), "backup/database.sql.zst"];
  storage.files.set(name, bytes);
  const artifact = { name: "database.sql.zst", size, storedSize: bytes.length, sha256: hashOf(bytes), packed: null };
  const manifest = manifestWith({ name: "A dump", compression, artifacts: [{ ...artifact, part: "database" }], database: summary });
  const content: DatabaseContent | null = contentOf({ storage, folder: "backup", manifest }).database;
  if (!content) throw new Error("The manifest names no dump");
  return { content, storage, name, summary, bytes };
}

const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
