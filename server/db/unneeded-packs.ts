import { newId, type OperationId, type SourceId, type StorageId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { changeMark, readMark } from "./marks.ts";

/** A place where packs may lie that no manifest names (any more). */
export interface PackPlace {
  readonly sourceId: SourceId;
  readonly storageId: StorageId;
  /** Of the packs. */
  readonly folder: string;
}

/** Why it is to be looked at: this operation may leave some there, or a backup was deleted (null). */
export interface DuePlace extends PackPlace {
  readonly by: OperationId | null;
  /** Not before; null: at once. */
  readonly after: string | null;
  /** Of this note alone: what is noted again meanwhile is another one. */
  readonly note: string;
}

const mark = "packs.due";

const isSamePlace = (one: PackPlace, other: PackPlace): boolean => one.storageId === other.storageId && one.folder === other.folder;
const isSame = (one: DuePlace, other: DuePlace) => isSamePlace(one, other) && one.by === other.by;

/** Notes places to be looked at, so that a crash forgets none. */
export async function noteDuePlaces(db: Db, places: readonly PackPlace[], by: OperationId | null): Promise<void> {
  if (places.length === 0) return;
  const noted = places.map(
    ({ sourceId, storageId, folder }): DuePlace => ({ ...{ sourceId, storageId, folder, by }, after: null, note: newId() }),
  );
  await changeMark<readonly DuePlace[]>(db, mark, (known) => [
    ...(known ?? []).filter((one) => !noted.some((other) => isSame(one, other))),
    ...noted,
  ]);
}

/** Nothing is left to do there of what was noted so; what was noted since stays. */
export async function forgetDuePlaces(db: Db, places: readonly DuePlace[]): Promise<void> {
  if (places.length === 0) return;
  await changeMark<readonly DuePlace[]>(db, mark, (known) =>
    (known ?? []).filter(({ note }) => !places.some((other) => other.note === note)),
  );
}

/** The operation left nothing behind on these storages. */
export async function forgetDueOf(db: Db, by: OperationId, storageIds: readonly StorageId[]): Promise<void> {
  if (storageIds.length === 0) return;
  await changeMark<readonly DuePlace[]>(db, mark, (known) =>
    (known ?? []).filter((one) => one.by !== by || !storageIds.includes(one.storageId)),
  );
}

/** They are looked at again later. */
export async function postponeDuePlaces(db: Db, places: readonly DuePlace[], until: Date): Promise<void> {
  const after = until.toISOString();
  await changeMark<readonly DuePlace[]>(db, mark, (known) =>
    (known ?? []).map((one) => (places.some(({ note }) => one.note === note) ? { ...one, after } : one)),
  );
}

export const listDuePlaces = async (db: Db): Promise<readonly DuePlace[]> => (await readMark<readonly DuePlace[]>(db, mark)) ?? [];

const seenMark = "packs.unnamed";
type Seen = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Since when each of these packs was found without a manifest that names it; those that are not found any more are forgotten. */
export async function noteUnnamed(
  db: Db,
  { storageId, folder }: PackPlace,
  names: readonly string[],
  at: Date,
): Promise<ReadonlyMap<string, Date>> {
  const key = `${storageId} ${folder}`;
  const seen = await changeMark<Seen>(db, seenMark, (known) => {
    const { [key]: before = {}, ...others } = known ?? {};
    const kept = Object.fromEntries(names.map((name) => [name, before[name] ?? at.toISOString()]));
    return names.length > 0 ? { ...others, [key]: kept } : others;
  });
  return new Map(Object.entries(seen[key] ?? {}).map(([name, since]) => [name, new Date(since)]));
}
