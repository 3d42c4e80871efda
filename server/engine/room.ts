import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Connection } from "../domain/connection.ts";

/** Bytes that are to be written below a folder, which need not be there yet. */
export interface Need {
  readonly folder: string;
  readonly bytes: number;
}

/** Bytes that will be needed for a while, and those that are free there; null where it cannot be known. */
export interface Room {
  readonly needed: number | null;
  readonly free: number | null;
}

/** Room for all of these: of the file system where it is tightest. */
export async function roomFor(needs: readonly Need[]): Promise<Room> {
  const places = new Map<number, { needed: number; free: number }>();
  for (const { folder, bytes } of needs) {
    const found = await nearest(folder);
    if (!found) continue;
    const { needed } = places.get(found.device) ?? { needed: 0 };
    places.set(found.device, { needed: needed + bytes, free: found.free });
  }
  const [tightest] = [...places.values()].sort((a, b) => a.free - a.needed - (b.free - b.needed));
  return tightest ?? { needed: null, free: null };
}

/** The file system of the folder, or of the nearest one above it that is there. */
async function nearest(folder: string): Promise<{ device: number; free: number } | null> {
  try {
    const { dev } = await stat(folder);
    const { bavail, bsize } = await statfs(folder);
    return { device: dev, free: bavail * bsize };
  } catch {
    const above = dirname(folder);
    return above === folder ? null : nearest(above);
  }
}

/** Whether the database's server runs on this machine. */
export const isLocal = ({ host, socketPath }: Connection) => socketPath !== null || ["localhost", "127.0.0.1", "::1"].includes(host);
