import { and, asc, eq, exists, inArray, isNotNull, isNull, or, sql } from "drizzle-orm";
import type { BackupId, SourceId, StorageId } from "../domain/ids.ts";
import type { MediaPacks } from "../domain/manifest.ts";
import { activeStatuses } from "../domain/operation.ts";
import { countOnce, type Sharing } from "../domain/pack-shares.ts";
import type { Db } from "./client.ts";
import { backupCopies, backupManifests, backups, copies, pastOperations, verifications } from "./schema/index.ts";

/** A completed backup that shares packs with others of its source. */
export interface PackSharer extends Sharing {
  readonly sourceId: SourceId;
  readonly folder: string;
  readonly createdAt: Date;
  readonly deleted: boolean;
  /** What statistics count for it. */
  readonly counted: number | null;
}

/** What a manifest says of packs, without what nobody asks of all of them at once. */
const packsOfManifest = sql<string | null>`cast(json_extract(${backupManifests.manifest}, '$.media.packs') as char)`;

/** Backups that share packs, the oldest first: of one source or of all, with those that are being deleted where `deleted` says so. */
export async function listPackSharers(db: Db, sourceId: SourceId | null, { deleted = false } = {}): Promise<PackSharer[]> {
  const rows = await db
    .select({
      ...{ id: backups.id, sourceId: backups.sourceId, folder: backups.folder, createdAt: backups.createdAt },
      ...{ storedSize: backups.storedSize, deletedAt: backups.deletedAt, packs: packsOfManifest },
      counted: backups.countedSize,
    })
    .from(backups)
    .innerJoin(backupManifests, eq(backupManifests.backupId, backups.id))
    .where(
      and(
        eq(backups.status, "COMPLETED"),
        isNotNull(backups.addedSize),
        deleted ? undefined : isNull(backups.deletedAt),
        sourceId === null ? undefined : eq(backups.sourceId, sourceId),
      ),
    )
    .orderBy(asc(backups.createdAt), asc(backups.id));
  return rows.map(({ packs: text, storedSize, deletedAt, ...row }) => {
    const { folder, files } = (text === null ? null : (JSON.parse(text) as MediaPacks | null)) ?? { folder: "", files: [] };
    const packs = new Map(files.map((file) => [`${folder}/${file.name}`, file.storedSize]));
    const shared = files.reduce((sum, file) => sum + file.storedSize, 0);
    return { ...row, packs, own: (storedSize ?? 0) - shared, deleted: deletedAt !== null };
  });
}

/**
 * Says anew what statistics count for the source's backups that share packs. One that is being deleted counts for what goes with
 * it; the oldest that still needs a pack counts for that.
 */
export async function recountShares(tx: Db, sourceId: SourceId): Promise<void> {
  const all = await listPackSharers(tx, sourceId, { deleted: true });
  const inOrder = [...all.filter((one) => !one.deleted), ...all.filter((one) => one.deleted)];
  const bytes = countOnce(inOrder);
  for (const { id, counted } of inOrder) {
    const countedSize = bytes.get(id) ?? null;
    if (countedSize !== counted) await tx.update(backups).set({ countedSize }).where(eq(backups.id, id));
  }
}

/** The packs that the manifest in each folder names, as far as the catalog has written or read it; with those that are being deleted. */
export async function listNamedPacks(db: Db, sourceId: SourceId): Promise<Map<string, readonly string[]>> {
  const rows = await db
    .select({ folder: backups.folder, packs: packsOfManifest })
    .from(backups)
    .innerJoin(backupManifests, eq(backupManifests.backupId, backups.id))
    .where(and(eq(backups.sourceId, sourceId), eq(backups.status, "COMPLETED")));
  return new Map(rows.map(({ folder, packs }) => [folder, namesIn(packs)]));
}

const namesIn = (text: string | null): string[] => {
  const packs = text === null ? null : (JSON.parse(text) as MediaPacks | null);
  return packs ? packs.files.map(({ name }) => `${packs.folder}/${name}`) : [];
};

/** Whether a backup of the source or a copy of one runs: its packs may not be named by any manifest yet. */
export async function arePacksInTheMaking(db: Db, sourceId: SourceId): Promise<boolean> {
  const [backup] = await db
    .select({ id: backups.id })
    .from(backups)
    .where(and(eq(backups.sourceId, sourceId), eq(backups.status, "RUNNING"), eq(backups.mediaMode, "INCREMENTAL")))
    .limit(1);
  if (backup) return true;
  const [copy] = await db
    .select({ id: copies.id })
    .from(copies)
    .innerJoin(backups, eq(backups.id, copies.backupId))
    .where(and(eq(backups.sourceId, sourceId), eq(copies.status, "RUNNING"), isNotNull(backups.addedSize)))
    .limit(1);
  return copy !== undefined;
}

/** Of these beginnings of ids, those of backups that this catalog knows or knew, and that do not wait or run. */
export async function endedAmong(db: Db, prefixes: readonly string[]): Promise<Set<string>> {
  if (prefixes.length === 0) return new Set();
  const begins = (column: typeof backups.id | typeof pastOperations.id) => sql<string>`left(${column}, 8)`;
  const within = (column: typeof backups.id | typeof pastOperations.id) =>
    or(...prefixes.map((prefix) => sql`${column} like ${`${prefix}-%`}`));
  const [there, past] = await Promise.all([
    db
      .select({ prefix: begins(backups.id), status: backups.status })
      .from(backups)
      .where(within(backups.id)),
    db
      .select({ prefix: begins(pastOperations.id) })
      .from(pastOperations)
      .where(and(eq(pastOperations.kind, "BACKUP"), within(pastOperations.id))),
  ]);
  const active = new Set(there.filter(({ status }) => activeStatuses.some((one) => one === status)).map(({ prefix }) => prefix));
  return new Set([...there, ...past].map(({ prefix }) => prefix).filter((prefix) => !active.has(prefix)));
}

/** Completed backups of the source that share packs and are said to lie on all of these storages, the newest first. */
export async function listBaseCandidates(db: Db, sourceId: SourceId, storageIds: readonly StorageId[], most: number) {
  const rows = await db
    .select({ id: backups.id, name: backups.name })
    .from(backups)
    .innerJoin(backupCopies, eq(backupCopies.backupId, backups.id))
    .where(
      and(
        ...[eq(backups.sourceId, sourceId), eq(backups.status, "COMPLETED"), isNull(backups.deletedAt), isNotNull(backups.addedSize)],
        ...[inArray(backupCopies.storageId, [...storageIds]), eq(backupCopies.state, "STORED"), isNull(backupCopies.problem)],
      ),
    )
    .groupBy(backups.id, backups.name, backups.createdAt)
    .having(sql`count(*) = ${storageIds.length}`)
    .orderBy(sql`${backups.createdAt} desc`, sql`${backups.id} desc`)
    .limit(most);
  return rows;
}

/** The packs of the source's backups that a verification found damaged, on any storage: they may not be what was stored. */
export async function listDoubtfulPacks(db: Db, sourceId: SourceId): Promise<ReadonlySet<string>> {
  const damaged = await listDamaged(db, sourceId);
  if (damaged.size === 0) return new Set();
  const sharers = (await listPackSharers(db, sourceId, { deleted: true })).filter(({ id }) => damaged.has(id));
  return new Set(sharers.flatMap((one) => [...one.packs.keys()]));
}

/** Those of the source's backups that the last verification found damaged, or that are not whole on one of their storages. */
async function listDamaged(db: Db, sourceId: SourceId): Promise<Set<BackupId>> {
  // It lies there, or lay, and is not what it was.
  const damagedCopy = db
    .select({ one: sql`1` })
    .from(backupCopies)
    .where(and(eq(backupCopies.backupId, backups.id), isNotNull(backupCopies.storedAt), isNotNull(backupCopies.problem)));
  const last = sql`(select v.passed from ${verifications} v where v.backup_id = ${backups.id} and v.status = 'COMPLETED'
    and v.passed is not null order by v.created_at desc, v.id desc limit 1)`;
  const rows = await db
    .select({ id: backups.id })
    .from(backups)
    .where(and(eq(backups.sourceId, sourceId), isNotNull(backups.addedSize), or(sql`${last} = 0`, exists(damagedCopy))));
  return new Set(rows.map(({ id }) => id));
}

/** The backup builds on that one from now on: nobody may delete it while this one runs. */
export async function setBase(tx: Db, id: BackupId, baseId: BackupId | null): Promise<void> {
  await tx.update(backups).set({ baseId }).where(eq(backups.id, id));
}

/** Backups that wait or run and build on this one. */
export const listBuildingOn = (db: Db, baseId: BackupId) =>
  db
    .select({ id: backups.id, name: backups.name })
    .from(backups)
    .where(and(eq(backups.baseId, baseId), inArray(backups.status, [...activeStatuses])));
