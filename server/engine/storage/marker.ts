import { Readable } from "node:stream";
import { Failure } from "../../domain/errors.ts";
import type { Storage } from "./storage.ts";

/** The file that tells a storage from an empty mount point and from another disk. */
export const markerName = ".holdfast/storage.json";

/** What is in it. Its id is random, and the same for every Holdfast that uses the storage. */
export interface Marker {
  readonly format: 1;
  readonly id: string;
  readonly createdAt: string;
}

/** Far more than a marker is. */
const longestBytes = 4096;

/** The marker of a storage that can be reached; null where there is none. */
export async function readMarker(storage: Pick<Storage, "get">): Promise<Marker | null> {
  let text = "";
  try {
    const stream = await storage.get(markerName);
    for await (const chunk of stream.setEncoding("utf8")) {
      text += chunk;
      if (text.length > longestBytes) break;
    }
  } catch (error) {
    if (error instanceof Failure && error.code === "NOT_FOUND") return null;
    throw error;
  }
  const marker = parsed(text);
  if (!marker)
    throw new Failure(
      "STORAGE_UNAVAILABLE",
      `The file ${markerName} on the storage is damaged.`,
      "Remove it: it is written anew where the storage still holds its backups.",
      { reason: "STORAGE_NOT_MOUNTED" },
    );
  return marker;
}

/** Writes the marker where there is none; false when somebody was quicker. */
export async function writeMarker(storage: Pick<Storage, "put">, id: string, createdAt: Date): Promise<boolean> {
  const marker: Marker = { format: 1, id, createdAt: createdAt.toISOString() };
  const bytes = Readable.from([Buffer.from(`${JSON.stringify(marker, null, 2)}\n`)]);
  try {
    await storage.put(markerName, bytes, { signal: AbortSignal.timeout(longestMilliseconds) });
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === "CONFLICT") return false;
    throw error;
  }
}

const longestMilliseconds = 60_000;

function parsed(text: string): Marker | null {
  try {
    const { format, id, createdAt } = JSON.parse(text) as Record<string, unknown>;
    return format === 1 && typeof id === "string" && /^[0-9a-f-]{36}$/.test(id) && typeof createdAt === "string"
      ? { format, id, createdAt }
      : null;
  } catch {
    return null;
  }
}
