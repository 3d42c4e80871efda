import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Connection } from "../../server/domain/connection.ts";
import type { DatabaseSummary } from "../../server/domain/manifest.ts";
import { openDump } from "../../server/engine/database/dump.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import type { Packing } from "../../server/engine/part.ts";

/** A dump in memory, and what a restore of it is asked with. */
export interface TakenDump {
  readonly bytes: Buffer;
  readonly size: number;
  readonly summary: DatabaseSummary;
  readonly artifact: { readonly open: () => Promise<Readable>; readonly compression: Packing["compression"]; readonly sha256: string };
}

export const quiet = { signal: new AbortController().signal, say: () => {} };

export async function takeDump(connection: Connection, packing: Packing = { compression: "ZSTD", level: 1 }): Promise<TakenDump> {
  const reader = await openDump({ connection, tools: await findTools(null), packing, ...quiet });
  const bytes = await buffer(reader.bytes);
  return { bytes, ...(await reader.done), artifact: artifactOf(bytes, packing.compression) };
}

export const artifactOf = (bytes: Buffer, compression: Packing["compression"]) => ({
  open: async () => Readable.from([bytes]),
  compression,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});
