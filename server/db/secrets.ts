import { and, count, eq, isNotNull, isNull, like } from "drizzle-orm";
import type { ChannelId, SourceId, StorageId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { backups, channels, settingValues, sources, storages } from "./schema/index.ts";

/** Whether the catalog holds anything that only the present key file opens: then a lost file must not be replaced by a new key. */
export async function holdsSealedSecrets(db: Db): Promise<boolean> {
  const found = await Promise.all([
    db.select({ id: sources.id }).from(sources).where(isNotNull(sources.databasePassword)).limit(1),
    db.select({ id: settingValues.name }).from(settingValues).where(like(settingValues.name, secretNames)).limit(1),
    db.select({ id: channels.id }).from(channels).where(isNotNull(channels.secret)).limit(1),
    db.select({ id: storages.id }).from(storages).where(isNotNull(storages.secret)).limit(1),
    db.select({ id: backups.id }).from(backups).where(isNotNull(backups.keyId)).limit(1),
  ]);
  return found.some((rows) => rows.length > 0);
}

const secretNames = "secret.%";

/** One sealed text and the row that it stands in. */
export type SealedText =
  | { readonly place: "source"; readonly id: SourceId; readonly sealed: string }
  | { readonly place: "channel"; readonly id: ChannelId; readonly sealed: string }
  | { readonly place: "storage"; readonly id: StorageId; readonly sealed: string }
  | { readonly place: "setting"; readonly id: string; readonly sealed: string };

/** All sealed texts, their rows locked for the rest of the transaction. */
export async function lockSealed(tx: Db): Promise<SealedText[]> {
  const ofSources = await tx.select({ id: sources.id, sealed: sources.databasePassword }).from(sources).for("update");
  const ofChannels = await tx.select({ id: channels.id, sealed: channels.secret }).from(channels).for("update");
  const ofStorages = await tx.select({ id: storages.id, sealed: storages.secret }).from(storages).for("update");
  const ofSettings = await tx
    .select({ id: settingValues.name, sealed: settingValues.value })
    .from(settingValues)
    .where(like(settingValues.name, secretNames))
    .for("update");
  return [
    ...ofSources.flatMap(({ id, sealed }) => (sealed === null ? [] : [{ place: "source", id, sealed } as const])),
    ...ofChannels.flatMap(({ id, sealed }) => (sealed === null ? [] : [{ place: "channel", id, sealed } as const])),
    ...ofStorages.flatMap(({ id, sealed }) => (sealed === null ? [] : [{ place: "storage", id, sealed } as const])),
    ...ofSettings.map(({ id, sealed }) => ({ place: "setting", id, sealed: String(sealed) }) as const),
  ];
}

/** Writes a text that was sealed anew where the old one stood. */
export async function writeSealed(tx: Db, { place, id, sealed }: SealedText): Promise<void> {
  switch (place) {
    case "source":
      await tx.update(sources).set({ databasePassword: sealed }).where(eq(sources.id, id));
      break;
    case "channel":
      await tx.update(channels).set({ secret: sealed }).where(eq(channels.id, id));
      break;
    case "storage":
      await tx.update(storages).set({ secret: sealed }).where(eq(storages.id, id));
      break;
    case "setting":
      await tx.update(settingValues).set({ value: sealed }).where(eq(settingValues.name, id));
      break;
    default:
      throw place satisfies never;
  }
}

/** How many backups each key opens, by the keys that they name. */
export async function countBackupsByKey(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .select({ keyId: backups.keyId, backups: count() })
    .from(backups)
    .where(and(isNotNull(backups.keyId), isNull(backups.deletedAt), eq(backups.status, "COMPLETED")))
    .groupBy(backups.keyId);
  return new Map(rows.flatMap(({ keyId, backups }) => (keyId === null ? [] : [[keyId, backups] as const])));
}
