import { formatCount } from "../../shared/format.ts";
import { type BackupRow, findManifests } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { lockBackup } from "../db/deletions.ts";
import { listBaseCandidates, listDoubtfulPacks, setBase } from "../db/packs.ts";
import { Failure } from "../domain/errors.ts";
import type { BackupId, StorageId } from "../domain/ids.ts";
import type { Encryption } from "../domain/manifest.ts";
import { packsFolder } from "../domain/naming.ts";
import type { PackBase } from "../engine/media/pack-base.ts";
import { missingFiles } from "../engine/missing-files.ts";
import type { MirrorTarget } from "../engine/storage/mirrored.ts";
import type { StoredBackup } from "../engine/stored-content.ts";
import type { Keys } from "./keys.ts";
import type { PackPruning } from "./pack-pruning.ts";
import type { Work } from "./running.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly keys: Pick<Keys, "readable" | "refuseForeign">;
  readonly packs: Pick<PackPruning, "begin" | "finished">;
}

/** So many earlier backups are looked at; whoever has changed so much since stores all of it anew. */
const looked = 5;

/** Chooses what an incremental backup builds on, and holds it while that runs. */
export function createPackBases({ catalog, keys, packs }: Dependencies) {
  /** Nobody deletes it from here on until the backup has ended; false where its deletion has begun. */
  const hold = (id: BackupId, baseId: BackupId): Promise<boolean> =>
    catalog.transaction(
      async (tx) => {
        if (!(await lockBackup(tx, baseId))) return false;
        await setBase(tx, id, baseId);
        return true;
      },
      { isolationLevel: "read committed" },
    );

  /** The backup as it can be built on; why not, as a sentence. */
  async function tried(
    row: BackupRow,
    candidate: { readonly id: BackupId; readonly name: string },
    on: Building,
    doubtful: ReadonlySet<string>,
  ): Promise<StoredBackup | string> {
    const { id, name } = candidate;
    const [found] = await findManifests(catalog, [id]);
    const [target] = on.targets;
    if (!found?.manifest.media?.packs || !target) return `${name} has no packs.`;
    const { manifest } = found;
    const folder = manifest.folder ?? "";
    if (manifest.media?.packs?.folder !== packsFolder(row.folder) || folder === "") return `${name} keeps its packs elsewhere.`;
    if (!isSealedAlike(manifest.encryption, on.encryption)) return `${name} is not encrypted to the same keys.`;
    if (manifest.media.packs.files.some((file) => doubtful.has(`${packsFolder(row.folder)}/${file.name}`)))
      return `${name} shares packs with a backup that was found damaged.`;
    if (!(await hold(row.id, id))) return `${name} is being deleted.`;
    try {
      for (const { storage, name: where } of on.targets) {
        const [missing] = await missingFiles(storage, manifest, folder);
        if (missing) return `${name} is not whole on ${where}: ${missing}`;
      }
      keys.refuseForeign(manifest, folder);
      return keys.readable({ storage: target.storage, folder, manifest });
    } catch (error) {
      if (error instanceof Failure) return `${name} cannot be read: ${error.message}`;
      throw error;
    }
  }

  return {
    /** What the backup builds on, and where its packs go. It is to be asked once the backup runs. */
    async baseFor(row: BackupRow, on: Building, work: Pick<Work, "signal" | "say">): Promise<PackBase> {
      const folder = packsFolder(row.folder);
      const storageIds = on.targets.map(({ id }) => id);
      await packs.begin({ sourceId: row.sourceId, folder }, storageIds, row.id, work.signal);
      // What is damaged is not handed on.
      const doubtful = await listDoubtfulPacks(catalog, row.sourceId);
      const reasons: string[] = [];
      for (const candidate of await listBaseCandidates(catalog, row.sourceId, storageIds, looked)) {
        const previous = await tried(row, candidate, on, doubtful);
        if (typeof previous !== "string") {
          work.say("INFO", `It builds on ${candidate.name}: what that holds of the media is not stored again.`);
          return { folder, previous };
        }
        reasons.push(previous);
      }
      await setBase(catalog, row.id, null);
      const where = storageIds.length > 1 ? ` on all ${formatCount(storageIds.length, "storage")}` : "";
      const reason = reasons[0] ?? `There is no earlier incremental backup of this source${where}.`;
      work.say("INFO", `All media are stored anew: ${reason}`);
      return { folder, previous: null };
    },

    /** The backup is whole on these storages: it left nothing there that is not its own. */
    finished: (id: BackupId, storageIds: readonly StorageId[]): Promise<void> => packs.finished(id, storageIds),
  };
}

/** What is built, and where. */
export interface Building {
  readonly targets: readonly (MirrorTarget & { readonly id: StorageId })[];
  readonly encryption: Encryption | null;
}

const isSealedAlike = (one: Encryption | null, other: Encryption | null): boolean =>
  one === null || other === null ? one === other : namesOf(one) === namesOf(other);
const namesOf = ({ recipients }: Encryption): string => recipients.toSorted().join(" ");
