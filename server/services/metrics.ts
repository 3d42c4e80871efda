import type { Db } from "../db/client.ts";
import * as db from "../db/metrics.ts";
import { listSources } from "../db/sources.ts";
import { listStorages } from "../db/storages.ts";
import { type Actor, allow } from "../domain/access.ts";
import { targetSeconds } from "../domain/statistics.ts";
import type { HealthService } from "./health.ts";
import type { KeptBackups } from "./kept-backups.ts";
import type { OwnedSettings } from "./settings.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly storages: Pick<Storages, "capacity">;
  readonly kept: KeptBackups;
  readonly health: Pick<HealthService, "known">;
  readonly version: string;
  readonly now: () => Date;
}

export type MetricsService = ReturnType<typeof createMetrics>;
export type Metrics = Awaited<ReturnType<typeof figures>>;

/** Several scrapers, and one that asks too often, read the catalog once. */
const freshMilliseconds = 5_000;
const day = 86_400_000;

/** What Prometheus reads, all of it from the catalog: so that every process tells the same, and a restart loses nothing. */
export function createMetrics(dependencies: Dependencies) {
  let last: { readonly at: number; readonly figures: Promise<Metrics> } | null = null;
  return {
    async read(actor: Actor | null): Promise<Metrics> {
      allow(actor, "read");
      const at = dependencies.now().getTime();
      if (!last || Math.abs(at - last.at) > freshMilliseconds) {
        const fresh = { at, figures: figures(dependencies) };
        last = fresh;
        // A failed look is not kept.
        fresh.figures.catch(() => {
          if (last === fresh) last = null;
        });
      }
      return last.figures;
    },
  };
}

async function figures({ catalog, settings, storages: places, kept, health, version, now }: Dependencies) {
  const since = new Date(now().getTime() - day);
  const [values, sources, storages, results, standing, totals, copies, verdicts, active, schedules, trouble] = await Promise.all([
    settings.current(),
    listSources(catalog),
    listStorages(catalog),
    db.countResults(catalog),
    kept.standing(),
    kept.totals(),
    kept.copies(),
    db.countVerdicts(catalog),
    db.countActive(catalog),
    db.scheduleFigures(catalog, since),
    db.countTrouble(catalog, since),
  ]);
  return {
    version,
    // What was found last: a scrape looks at nothing itself.
    health: await health.known(),
    active,
    schedules,
    trouble,
    sources: sources.map(({ id, name, targetBackupAgeHours, targetProofAgeHours }) => {
      const own = totals.filter(({ sourceId }) => sourceId === id);
      return {
        name,
        results: results.filter(({ sourceId }) => sourceId === id),
        standing: standing.get(id) ?? null,
        verdicts: verdicts.find(({ sourceId }) => sourceId === id) ?? null,
        backups: own.reduce((sum, { count }) => sum + count, 0),
        originalBytes: own.reduce((sum, { size }) => sum + size, 0),
        storedBytes: own.reduce((sum, { storedSize }) => sum + storedSize, 0),
        targetBackupSeconds: targetSeconds(targetBackupAgeHours, values.targetBackupAgeHours),
        targetProofSeconds: targetSeconds(targetProofAgeHours, values.targetProofAgeHours),
      };
    }),
    storages: await Promise.all(
      storages.map(async (row) => ({
        name: row.name,
        usedBytes: copies.filter(({ storageId }) => storageId === row.id).reduce((sum, { storedSize }) => sum + storedSize, 0),
        capacity: await places.capacity(row),
      })),
    ),
  };
}
