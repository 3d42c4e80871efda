import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import type { Connection } from "../../server/domain/connection.ts";
import type { DatabaseSummary } from "../../server/domain/manifest.ts";
import type { DatabaseContent } from "../../server/engine/content.ts";
import { openDump } from "../../server/engine/database/dump.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import type { Packing } from "../../server/engine/part.ts";
import { contentOf } from "../../server/engine/stored-content.ts";
import { manifestWith } from "./about.ts";
import { memoryStorage } from "./memory-storage.ts";

/** A dump in memory, and what a restore of it reads. */
export interface TakenDump {
  readonly bytes: Buffer;
  readonly size: number;
  readonly summary: DatabaseSummary;
  readonly content: DatabaseContent;
}

export const quiet = { signal: new AbortController().signal, say: () => {} };

/** A dump by the dump program. */
export async function takeDump(connection: Connection, packing: Packing = { compression: "ZSTD", level: 1 }): Promise<TakenDump> {
  const reader = await openDump({ connection, tools: await findTools(null), packing, engine: "MYSQLDUMP", ...quiet });
  const bytes = await buffer(reader.bytes);
  const { size, summary } = await reader.done;
  return { bytes, size, summary, content: storedContent(bytes, packing.compression, summary, { size }) };
}

/** The dump of a backup whose storage holds these bytes; `promised` are those that its manifest tells of. */
export function storedContent(
  bytes: Buffer,
  compression: Packing["compression"],
  summary: DatabaseSummary,
  { promised = bytes, size = bytes.length }: { readonly promised?: Buffer; readonly size?: number } = {},
): DatabaseContent {
  const storage = memoryStorage();
  storage.files.set("backup/database.sql", bytes);
  const sha256 = createHash("sha256").update(promised).digest("hex");
  const manifest = manifestWith({
    name: "A dump",
    compression,
    artifacts: [{ name: "database.sql", part: "database", size, storedSize: promised.length, sha256, packed: null }],
    database: summary,
  });
  const { database } = contentOf({ storage, folder: "backup", manifest });
  if (!database) throw new Error("The manifest names no dump");
  return database;
}
