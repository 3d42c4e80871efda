import { Readable } from "node:stream";
import { formatBytes, formatCount } from "../../shared/format.ts";
import type { Db } from "../db/client.ts";
import { arePacksInTheMaking, endedAmong, listNamedPacks } from "../db/packs.ts";
import * as due from "../db/unneeded-packs.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { OperationId, StorageId } from "../domain/ids.ts";
import { manifestName } from "../domain/naming.ts";
import { packsOf } from "../engine/backup-files.ts";
import { readManifest } from "../engine/manifest.ts";
import { readAhead } from "../engine/read-ahead.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { PackTurns } from "./pack-turns.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "open">;
  readonly turns: PackTurns;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  readonly say: (line: string) => void;
}

export type PackPruning = ReturnType<typeof createPackPruning>;

/** A pack of a backup that this catalog never knew may be of another Holdfast's that is being taken: no backup takes this long. */
const strangersMilliseconds = 7 * 86_400_000;
const lookAgainMilliseconds = 86_400_000;
const retryMilliseconds = 15 * 60_000;
const readAtOnce = 16;

/**
 * Removes packs that no manifest on their storage names any more: only where no backup and no copy of their source runs, whose
 * manifest may name them yet. What a crash or a storage that is away comes between is done the next time.
 */
export function createPackPruning({ catalog, storages, turns, now, onError, say }: Dependencies) {
  /** The packs that some manifest below the source's folder names: from the catalog where it has written that one, else as it lies there. */
  async function named({ sourceId, folder }: due.PackPlace, storage: Storage): Promise<Set<string>> {
    const sourceFolder = folder.slice(0, folder.lastIndexOf("/") + 1);
    const folders: string[] = [];
    for await (const { name } of storage.list(sourceFolder))
      if (name.endsWith(`/${manifestName}`)) folders.push(name.slice(0, -manifestName.length - 1));
    const known = await listNamedPacks(catalog, sourceId);
    const found = new Set<string>();
    for await (const names of readAhead(Readable.from(folders), readAtOnce, async (one: string) => known.get(one) ?? namedBy(storage, one)))
      for (const name of names) found.add(name);
    return found;
  }

  /** Removes what nobody needs there; how many packs have to wait, since somebody else may be about to need them. */
  async function prune(place: due.PackPlace, holds: () => void): Promise<number> {
    const storage = await storages.open(place.storageId);
    const sizes = new Map<string, number>();
    for await (const { name, size } of storage.list(`${place.folder}/`)) sizes.set(name, size);
    const needed = sizes.size === 0 ? sizes : await named(place, storage);
    const unnamed = [...sizes.keys()].filter((name) => !needed.has(name));
    const since = await due.noteUnnamed(catalog, place, unnamed, now());
    const ours = await endedAmong(catalog, [...new Set(unnamed.map(makerOf))]);
    const isOver = (name: string) => now().getTime() - (since.get(name) ?? now()).getTime() >= strangersMilliseconds;
    const going = unnamed.filter((name) => ours.has(makerOf(name)) || isOver(name));
    for (const name of going) {
      holds();
      await storage.remove(name);
    }
    const waiting = unnamed.length - going.length;
    holds();
    // An unfinished one of somebody else's may be written just now.
    if (waiting === 0) await storage.sweep(`${place.folder}/`);
    const bytes = going.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    if (going.length > 0)
      say(`Removed ${formatCount(going.length, "pack")} (${formatBytes(bytes)}) that no backup needs from ${place.folder}.`);
    return waiting;
  }

  async function pruneNoted(places: readonly due.DuePlace[], holds: () => void): Promise<void> {
    const [place] = places;
    if (!place) return;
    const later = (milliseconds: number) => due.postponeDuePlaces(catalog, places, new Date(now().getTime() + milliseconds));
    try {
      if ((await prune(place, holds)) > 0) await later(lookAgainMilliseconds);
      else await due.forgetDuePlaces(catalog, places);
    } catch (error) {
      // The storage itself is not Holdfast's any more.
      if (error instanceof Failure && error.code === "NOT_FOUND") return due.forgetDuePlaces(catalog, places);
      onError(new Error(`Could not remove the packs in ${place.folder} that no backup needs yet: ${messageOf(error)}`, { cause: error }));
      await later(retryMilliseconds);
    }
  }

  return {
    /** Notes where packs were needed by a backup that goes. */
    noteDeleted: (place: Omit<due.PackPlace, "storageId">, storageIds: readonly StorageId[]): Promise<void> =>
      due.noteDuePlaces(
        catalog,
        storageIds.map((storageId) => ({ ...place, storageId })),
        null,
      ),

    /** An operation that runs is about to look at packs or to store some: what it leaves there if it ends badly is removed. */
    async begin(place: Omit<due.PackPlace, "storageId">, storageIds: readonly StorageId[], by: OperationId, signal: AbortSignal) {
      await due.noteDuePlaces(
        catalog,
        storageIds.map((storageId) => ({ ...place, storageId })),
        by,
      );
      await turns.untilFree(place.sourceId, signal);
    },

    /** It ended well on these storages. */
    finished: (by: OperationId, storageIds: readonly StorageId[]): Promise<void> => due.forgetDueOf(catalog, by, storageIds),

    /** Removes what is due; what cannot be removed now waits. Never rejects for a storage's sake. */
    async pruneDue(): Promise<void> {
      const places = (await due.listDuePlaces(catalog)).filter(({ after }) => after === null || new Date(after) <= now());
      for (const [sourceId, ofSource] of Map.groupBy(places, (place) => place.sourceId))
        await turns.whileOurs(sourceId, async (holds) => {
          if (await arePacksInTheMaking(catalog, sourceId)) return;
          for (const same of Map.groupBy(ofSource, ({ storageId, folder }) => `${storageId} ${folder}`).values())
            await pruneNoted(same, holds);
        });
    },
  };
}

/** The packs that the manifest in `folder` names; one that cannot be understood keeps all of them. */
async function namedBy(storage: Storage, folder: string): Promise<string[]> {
  try {
    return packsOf(await readManifest(storage, folder)).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Failure && error.code === "NOT_FOUND") return [];
    throw error;
  }
}

/** The beginning of the id of the backup that stored it. */
const makerOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1).slice(0, 8);
