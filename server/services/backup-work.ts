import type { BackupRow } from "../db/backups.ts";
import * as db from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { findSchedule } from "../db/schedules.ts";
import type { SourceRow } from "../db/sources.ts";
import type { BackupId, ScheduleId, SourceId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import { runBackup } from "../engine/backup.ts";
import { logPatterns } from "../engine/media/walk.ts";
import type { ClientTools } from "../engine/part.ts";
import { confirmBackup } from "./backup-confirm.ts";
import { followReading } from "./backup-reading.ts";
import { openTargets } from "./backup-targets.ts";
import type { Keys } from "./keys.ts";
import { createPackBases } from "./pack-bases.ts";
import type { PackPruning } from "./pack-pruning.ts";
import type { Work } from "./running.ts";
import { limitsOf } from "./source-options.ts";
import type { Sources } from "./sources.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly sources: Sources;
  readonly storages: Storages;
  readonly keys: Pick<Keys, "sealFor" | "leaveMacKey" | "readable" | "refuseForeign">;
  readonly packs: Pick<PackPruning, "begin" | "finished">;
  readonly tools: () => Promise<ClientTools>;
  readonly now: () => Date;
  readonly version: string;
}

/** The work of a backup's operation: the engine told what to take, and the catalog what was taken. */
export function createBackupWork({ catalog, sources, storages, keys, packs: pruning, tools, now, version }: Dependencies) {
  const bases = createPackBases({ catalog, keys, packs: pruning });

  async function take(row: BackupRow, work: Work): Promise<void> {
    const source = await sources.existing(row.sourceId);
    const connection = row.type === "MEDIA" ? null : sources.connectionOf(source);
    const targets = await openTargets({ catalog, storages, keys, now }, row, work);
    const seal = await keys.sealFor(row.encrypted);
    const building = { targets: targets.usable, encryption: seal.encryption };
    const packs = row.type !== "DATABASE" && row.mediaMode === "INCREMENTAL" ? await bases.baseFor(row, building, work) : null;
    const { record, ...reading } = followReading(catalog, row, work);
    const manifest = await runBackup(
      {
        storage: targets.storage,
        folder: row.folder,
        packing: { compression: row.compression, level: row.compressionLevel },
        seal,
        database: connection && { connection, tools: await tools(), ratio: await lastRatio(source.id), engine: row.databaseEngine },
        media:
          row.type === "DATABASE"
            ? null
            : { roots: source.mediaPaths, exclude: [...source.excludePatterns, ...(row.excludeLogs ? logPatterns : [])], packs },
        limits: limitsOf(source),
        about: {
          generator: `holdfast ${version}`,
          id: row.id,
          name: row.name,
          description: row.description,
          type: row.type,
          trigger: row.trigger,
          source: sourceOf(source),
          schedule: row.scheduleId && (await scheduleOf(row.scheduleId)),
          actor: row.actor,
          compression: row.compression,
          excludeLogs: row.excludeLogs,
          createdAt: row.createdAt.toISOString(),
        },
        now,
      },
      {
        ...{ ...work, ...reading, fits: (measured) => targets.fits(measured, (packs?.previous ?? null) !== null) },
        async confirm(manifest) {
          await targets.checkPacks(manifest);
          await confirmBackup(work, targets.storage, row.folder, manifest);
        },
      },
    );
    const outcomes = await targets.outcomes();
    // From here on it is a backup, whether the catalog can be told of it now or not.
    await work.patiently(record);
    await work.patiently(() => db.recordManifest(catalog, row.id, manifest, outcomes));
    const whole = outcomes.flatMap(({ storageId, problem }) => (problem === null ? [storageId] : []));
    if (packs) await work.patiently(() => bases.finished(row.id, whole));
    const missing = outcomes.filter(({ problem }) => problem !== null).map(({ storage }) => storage);
    if (missing.length > 0) work.say("WARN", `The backup is complete, but not on ${missing.join(" and ")}: it is copied there later.`);
    else work.say("INFO", "The backup is complete.");
  }

  async function scheduleOf(id: ScheduleId): Promise<Manifest["schedule"]> {
    const schedule = await findSchedule(catalog, id);
    return schedule && { id, name: schedule.name };
  }

  /** Dump bytes for each data byte in the source's last backup; null without one. */
  async function lastRatio(id: SourceId): Promise<number | null> {
    const last = await db.newestBackup(catalog, id, { completed: true, types: ["FULL", "DATABASE"] });
    const manifest = last && (await manifestOf(last.id));
    const dumped = manifest?.artifacts.find(({ part }) => part === "database")?.size;
    return dumped && manifest?.database?.dataBytes ? dumped / manifest.database.dataBytes : null;
  }

  async function manifestOf(id: BackupId): Promise<Manifest | null> {
    return (await db.findManifests(catalog, [id]))[0]?.manifest ?? null;
  }

  return { take, manifestOf };
}

/** Enough to set it up again from the storage alone; never its password. */
const sourceOf = (row: SourceRow): Manifest["source"] => ({
  ...{ id: row.id, name: row.name, slug: row.slug, mediaPaths: row.mediaPaths, excludePatterns: row.excludePatterns },
  database:
    row.databaseName === null
      ? null
      : {
          host: row.databaseHost ?? "",
          port: row.databasePort ?? 0,
          user: row.databaseUser ?? "",
          database: row.databaseName,
          socketPath: row.databaseSocket,
          tls: row.databaseTls,
        },
});
