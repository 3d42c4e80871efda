import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { insertBackup, type NewBackup, recordManifest } from "../../server/db/backups.ts";
import { type BackupId, newId, type SourceId } from "../../server/domain/ids.ts";
import type { Manifest } from "../../server/domain/manifest.ts";
import { backupFolder, packsFolder } from "../../server/domain/naming.ts";
import { manifestWith } from "./about.ts";
import type { AgedBackups } from "./aged-backups.ts";
import { all } from "./all.ts";

/** The name of the `number`-th pack that a backup brought. */
export const packOf = (id: string, number: number) => `${id.slice(0, 8)}-0000-4000-8000-${String(number).padStart(12, "0")}.pack`;

/** So many bytes are in the list of each, and in each pack. */
export const [listBytes, packBytes] = [10, 1000];

/** Incremental backups of a source, made by hand: small files as packs, and manifests that name them. */
export function packedBackups(aged: AgedBackups) {
  const slug = (sourceId: SourceId) => sourceId.slice(0, 8);
  const write = async (name: string, bytes: string) => {
    await mkdir(dirname(join(aged.storage, name)), { recursive: true });
    await writeFile(join(aged.storage, name), bytes);
  };

  /** A pack on the storage, whether or not a manifest names it. */
  const pack = (sourceId: SourceId, name: string) => write(`${slug(sourceId)}/packs/${name}`, "p".repeat(packBytes));

  function manifestOf(sourceId: SourceId, id: BackupId, packs: readonly string[], brought: number, createdAt: Date): Manifest {
    const sum = "0".repeat(64);
    const folder = backupFolder(slug(sourceId), "MEDIA", createdAt, id);
    const files = packs.map((name) => ({ name, size: packBytes, storedSize: packBytes, sha256: sum, packed: null }));
    const instants = { createdAt: createdAt.toISOString(), startedAt: createdAt.toISOString(), finishedAt: createdAt.toISOString() };
    return manifestWith({
      ...{ id, name: id.slice(0, 8), type: "MEDIA", folder, compression: "NONE", ...instants },
      artifacts: [{ name: "media.chunks", part: "media", size: 5000, storedSize: listBytes, sha256: sum, packed: null }],
      media: {
        ...{ roots: [], files: 0, directories: 0, links: 0, index: null, problems: [] },
        packs: { folder: packsFolder(folder), files, addedSize: brought * packBytes },
      },
    });
  }

  return {
    pack,
    /** The catalog's row of a backup that runs. */
    async running(sourceId: SourceId): Promise<BackupId> {
      const id = newId<BackupId>();
      await insertBackup(aged.db, { ...rowOf(sourceId, id, aged.now()), status: "RUNNING", mediaMode: "INCREMENTAL" });
      return id;
    },
    /** A backup that needs these packs of earlier ones, and brings so many of its own; in the catalog unless it is a stranger's. */
    async backup(
      sourceId: SourceId,
      daysOld: number,
      { reuses = [], brings = 1, stranger = false }: { reuses?: readonly string[]; brings?: number; stranger?: boolean } = {},
    ) {
      const id = newId<BackupId>();
      const createdAt = new Date(aged.now().getTime() - daysOld * 86_400_000);
      const own = Array.from({ length: brings }, (_, number) => packOf(id, number));
      const manifest = manifestOf(sourceId, id, [...reuses, ...own], brings, createdAt);
      for (const name of own) await pack(sourceId, name);
      await write(`${manifest.folder}/media.chunks`, "l".repeat(listBytes));
      await write(`${manifest.folder}/manifest.json`, JSON.stringify(manifest));
      if (!stranger) {
        await insertBackup(aged.db, { ...rowOf(sourceId, id, createdAt), status: "COMPLETED", finishedAt: createdAt });
        await recordManifest(aged.db, id, manifest);
      }
      return { id, packs: own, folder: manifest.folder ?? "" };
    },
    /** The names of the packs that lie on the storage. */
    async packs(sourceId: SourceId): Promise<string[]> {
      const folder = `${slug(sourceId)}/packs/`;
      return (await all(aged.opened().list(folder))).map(({ name }) => name.slice(folder.length)).toSorted();
    },
  };

  function rowOf(sourceId: SourceId, id: BackupId, createdAt: Date): Omit<NewBackup, "status"> {
    return {
      ...{ id, name: id.slice(0, 8), type: "MEDIA", trigger: "SCHEDULE", actor: "schedule Nightly", sourceId, storageId: aged.storageId },
      ...{ folder: backupFolder(slug(sourceId), "MEDIA", createdAt, id), compression: "NONE", compressionLevel: 0, excludeLogs: true },
      ...{ artifacts: [], createdAt },
    };
  }
}
