import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { type CopyOutcome, listCopiesOf } from "../db/copies.ts";
import { listStorages, type StorageRow } from "../db/storages.ts";
import { copyRetryAt } from "../domain/copy.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import type { Manifest, Part } from "../domain/manifest.ts";
import type { Measured } from "../engine/measure-source.ts";
import { missingPack } from "../engine/missing-files.ts";
import { type Mirrored, type MirrorTarget, mirrored } from "../engine/storage/mirrored.ts";
import type { Keys } from "./keys.ts";
import type { Work } from "./running.ts";
import { forecastOf, whyNoRoom, written } from "./storage-room.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "open">;
  readonly keys: Pick<Keys, "leaveMacKey">;
  readonly now: () => Date;
}

/** The storages that a backup is written to, as one. */
export interface BackupTargets {
  readonly storage: Mirrored;
  /** Those that could be opened. */
  readonly usable: readonly UsableTarget[];
  /** Gives up the storages without room for what is coming; rejects when none has it. `builds`: what an earlier backup holds of the media is not stored again. */
  fits(measured: Measured, builds: boolean): Promise<void>;
  /**
   * Gives up the storages on which a pack that the backup builds on is not there any more; rejects when that is all of them. To be
   * asked right before its manifest.
   */
  checkPacks(manifest: Manifest): Promise<void>;
  /** What became of the backup on each, the one that is read first at the head. */
  outcomes(): Promise<readonly CopyOutcome[]>;
}

export type UsableTarget = MirrorTarget & { readonly id: StorageId };

/** Opens the storages that a backup is to lie on. One that cannot be used is left out, as long as there is another. */
export async function openTargets({ catalog, storages, keys, now }: Dependencies, row: BackupRow, work: Work): Promise<BackupTargets> {
  const rows = await storagesOf(catalog, row);
  const alone = rows.length === 1;
  const unusable = new Map<string, Error>();
  const targets: UsableTarget[] = [];
  const leftOut = (name: string, error: Error) => {
    if (!alone) work.say("WARN", `The backup goes on without ${name}: ${error.message}`);
  };
  for (const { id, name } of rows) {
    try {
      const storage = await storages.open(id);
      await keys.leaveMacKey(storage, work.signal);
      targets.push({ id, name, storage: await written(storage, name) });
    } catch (error) {
      if (alone || !(error instanceof Error)) throw error;
      unusable.set(id, error);
      leftOut(name, error);
    }
  }
  const [first] = unusable.values();
  if (targets.length === 0 && first) throw first;
  const storage = mirrored(targets, { own: row.folder, onDropped: leftOut });

  return {
    storage,
    usable: targets,
    async checkPacks(manifest) {
      if (!manifest.media?.packs) return;
      const dropped = new Set((await storage.outcomes()).flatMap(({ id, failure }) => (failure ? [id] : [])));
      const left = targets.filter(({ id }) => !dropped.has(id));
      const lacking: { id: StorageId; failure: Failure }[] = [];
      for (const { id, name, storage: one } of left) {
        const missing = await missingPack(one, manifest);
        if (missing !== null) lacking.push({ id, failure: packGone(name, missing) });
      }
      if (lacking[0] && lacking.length === left.length) throw lacking[0].failure;
      for (const { id, failure } of lacking) storage.drop(id, failure);
    },
    async fits({ database, media }, builds) {
      const coming = [part("database", database), part("media", media)].flatMap((one) => one ?? []);
      const needed = await forecastOf(
        catalog,
        row.sourceId,
        coming.map((one) => ({ ...one, compression: row.compression, builds: builds && one.part === "media" })),
      );
      const shortages = await Promise.all(targets.map(async (one) => ({ one, shortage: await whyNoRoom(one.storage, one.name, needed) })));
      const short = shortages.flatMap(({ one, shortage }) => (shortage ? [{ ...one, shortage }] : []));
      if (short[0] && short.length === targets.length) throw short[0].shortage;
      for (const { id, shortage } of short) storage.drop(id, shortage);
    },
    async outcomes() {
      const dropped = new Map((await storage.outcomes()).map(({ id, failure }) => [id, failure] as const));
      return rows.map(({ id, name }) => {
        const failure = unusable.get(id) ?? dropped.get(id) ?? null;
        return { storageId: id, storage: name, problem: failure && messageOf(failure), retryAt: failure && copyRetryAt(1, now()) };
      });
    },
  };
}

const packGone = (storage: string, pack: string) =>
  new Failure(
    "INTERRUPTED",
    `The pack ${pack} was removed from ${storage} while the backup was taken.`,
    "Take the backup again, and find out who else removes backups there: two Holdfasts may use this storage.",
  );

const part = (name: Part, measured: number | null) => (measured === null ? null : { part: name, measured });

/** The storages that it is to lie on, the one that is read first at the head. */
export async function storagesOf(catalog: Db, { id, storageId }: Pick<BackupRow, "id" | "storageId">): Promise<StorageRow[]> {
  const [copies, rows] = [await listCopiesOf(catalog, id), await listStorages(catalog)];
  const wanted = new Set([storageId, ...copies.map((copy) => copy.storageId)]);
  return [...wanted].flatMap((one) => rows.find((row) => row.id === one) ?? []);
}
