import { findDrillServer } from "../db/embedded/throwaway.ts";
import { createActivity } from "../services/activity.ts";
import { healthGroups } from "../services/health/groups.ts";
import { createHealth } from "../services/health.ts";
import { createMetrics } from "../services/metrics.ts";
import { createStatistics } from "../services/statistics.ts";
import { createSystem } from "../services/system.ts";
import { version } from "../version.ts";
import type { Ground } from "./ground.ts";
import type { Protecting } from "./protecting.ts";
import type { Scheduling } from "./scheduling.ts";
import type { Storing } from "./storing.ts";

/** How the whole is doing: its figures, its health, and what was done. */
export function wireWatching(
  ground: Ground,
  { storages, kept, keys }: Storing,
  { sources }: Protecting,
  { schedules }: Pick<Scheduling, "schedules">,
) {
  const { settings, db, bus, queue, owned, clock, tools, catalogName, now, onError } = ground;
  const { home, keyFile } = settings;
  const statistics = createStatistics({ catalog: db, settings: owned, storages, kept, now });
  const health = createHealth({
    ...{ bus, now, onError },
    groups: healthGroups({
      ...{ catalog: db, catalogName, home, keyFile, settings: owned, sources, storages, schedules },
      ...{ statistics, kept, keys, clock, tools, drillServer: findDrillServer, now },
      queueAlive: queue.checkAlive ? async () => queue.checkAlive?.() : null,
      url: ground.dashboardUrl,
    }),
  });
  return {
    statistics,
    health,
    activity: createActivity({ db }),
    metrics: createMetrics({ catalog: db, settings: owned, storages, kept, health, version, now }),
    system: createSystem({ version, catalog: catalogName, home, health }),
  };
}
