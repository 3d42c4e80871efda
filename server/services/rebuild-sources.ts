import { isDeepStrictEqual } from "node:util";
import { limits } from "../../shared/limits.ts";
import type { Db } from "../db/client.ts";
import { isDuplicate } from "../db/deadlock.ts";
import { insertSource, listSources, type SourceRow } from "../db/sources.ts";
import type { SourceId } from "../domain/ids.ts";
import type { ManifestSource } from "../domain/manifest.ts";
import { slugOf } from "../domain/naming.ts";
import { usualOptions } from "../domain/source-load.ts";

/** What a manifest tells of its source, with the folder that it lies in. */
export interface ToldSource {
  readonly source: ManifestSource;
  readonly folder: string;
  /** Of another Holdfast: its source is not taken for one of ours of the same name. */
  readonly foreign: boolean;
}

export type RebuildSources = Awaited<ReturnType<typeof openRebuildSources>>;

/** The sources that adopted backups belong to: those that are there, and those that come with the backups. */
export async function openRebuildSources(catalog: Db, now: () => Date, dryRun: boolean) {
  const rows = await listSources(catalog);
  const known = new Map<string, SourceId>(rows.map(({ id }) => [id, id]));
  const adopted: SourceRow[] = [];

  async function adopt(told: ToldSource): Promise<SourceId> {
    for (let number = 1; ; number += 1) {
      const row = rowOf(told, number, now());
      if ([...rows, ...adopted].some(({ name, slug }) => name.toLowerCase() === row.name.toLowerCase() || slug === row.slug)) continue;
      try {
        if (!dryRun) await insertSource(catalog, row);
        adopted.push(row);
        return row.id;
      } catch (error) {
        // Of a name that differs in its accents alone, or made by somebody else this moment.
        if (!isDuplicate(error) || number > 1000) throw error;
      }
    }
  }

  return {
    /** Whether the catalog had it before. */
    knows: (told: ToldSource): boolean => rows.some((row) => row.id === told.source.id || (!told.foreign && isSame(row, told.source))),

    async of(told: ToldSource): Promise<SourceId> {
      const found = known.get(told.source.id) ?? (told.foreign ? undefined : rows.find((row) => isSame(row, told.source))?.id);
      const id = found ?? (await adopt(told));
      known.set(told.source.id, id);
      return id;
    },

    adopted: (): readonly SourceRow[] => adopted,
  };
}

/** Set up anew by hand or by the environment, with an id of its own: the same database and the same folders under the same name. */
function isSame(row: SourceRow, told: ManifestSource): boolean {
  if (told.database === null && told.mediaPaths.length === 0) return false;
  const database =
    row.databaseName === null
      ? null
      : {
          host: row.databaseHost,
          port: row.databasePort,
          user: row.databaseUser,
          database: row.databaseName,
          socketPath: row.databaseSocket,
        };
  const { tls: _, ...other } = told.database ?? { tls: null };
  return (
    row.name === told.name && isDeepStrictEqual(database, told.database && other) && isDeepStrictEqual(row.mediaPaths, told.mediaPaths)
  );
}

/** As the manifest tells it; its password is nowhere but in the catalog that is gone. */
function rowOf({ source, folder }: ToldSource, number: number, createdAt: Date): SourceRow {
  const { database } = source;
  const suffix = number === 1 ? "" : ` (${number})`;
  const slug = source.slug ?? folder.split("/")[0] ?? "";
  return {
    id: source.id as SourceId,
    name: `${source.name.slice(0, limits.nameLength - suffix.length)}${suffix}`,
    slug: `${slugOf(slug)}${number === 1 ? "" : `-${number}`}`,
    databaseHost: database?.host ?? null,
    databasePort: database?.port ?? null,
    databaseUser: database?.user ?? null,
    databasePassword: null,
    databaseName: database?.database ?? null,
    databaseSocket: database?.socketPath ?? null,
    databaseTls: database?.tls ?? false,
    mediaPaths: [...source.mediaPaths],
    excludePatterns: [...source.excludePatterns],
    targetBackupAgeHours: null,
    targetProofAgeHours: null,
    ...usualOptions,
    createdAt,
  };
}
