import { formatBytes } from "../../shared/format.ts";
import { listPastParts } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { Failure } from "../domain/errors.ts";
import { type ComingPart, forecastBytes, keptFree, shortageOf } from "../domain/forecast.ts";
import type { SourceId } from "../domain/ids.ts";
import { keepingFree } from "../engine/storage/keeping-free.ts";
import type { Storage } from "../engine/storage/storage.ts";

/** What the next backup of the source will take; null where nothing is known. */
export const forecastOf = async (catalog: Db, sourceId: SourceId, coming: readonly ComingPart[]): Promise<number | null> =>
  forecastBytes(coming, await listPastParts(catalog, sourceId));

/** Free and all bytes of a storage, as far as it tells. */
async function roomOf(storage: Storage): Promise<{ free: number | null; total: number | null }> {
  const free = await storage.free().catch(() => null);
  return { free, total: free === null ? null : ((await storage.total?.().catch(() => null)) ?? null) };
}

/** Why so many bytes do not go onto the storage; null when they do, or nobody can tell. */
export async function whyNoRoom(storage: Storage, name: string, needed: number | null): Promise<Failure | null> {
  const { free, total } = await roomOf(storage);
  const shortage = shortageOf(needed, free, total);
  if (!shortage) return null;
  const wanted = needed === null ? "" : `it needs about ${formatBytes(needed)}, `;
  return new Failure(
    "STORAGE_FULL",
    `The storage ${name} has too little room for this backup: ${wanted}${formatBytes(shortage.free)} are free, and ${formatBytes(shortage.keptFree)} of them are kept free.`,
    "Remove old backups, choose another storage, or make it larger.",
    { reason: "FORECAST" },
  );
}

/** The storage, written until only what is kept free is left. */
export async function written(storage: Storage, name: string): Promise<Storage> {
  const { free, total } = await roomOf(storage);
  return free === null ? storage : keepingFree(storage, name, keptFree(free, total));
}
