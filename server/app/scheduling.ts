import { createCleanups } from "../services/cleanups.ts";
import { createHistory } from "../services/history.ts";
import { createScheduleRuns } from "../services/schedule-runs.ts";
import { createSchedules } from "../services/schedules.ts";
import type { Ground } from "./ground.ts";
import type { Protecting } from "./protecting.ts";
import type { Restoring } from "./restoring.ts";
import type { Running } from "./running.ts";
import type { Storing } from "./storing.ts";

/** What happens by itself as time passes: the schedules and their runs, retention, and the end of old history. */
export function wireScheduling(
  { db, bus, audit, queue, alarm: inQueue, owned, clock, now, warn, onError }: Ground,
  { operations }: Running,
  { storages, deletions }: Storing,
  { sources, backups }: Protecting,
  { restores, verifications }: Restoring,
) {
  const scheduleRuns = createScheduleRuns({ catalog: db, bus, now, backups, restores, verifications, alarm: inQueue, warn, onError });
  const { alarm } = scheduleRuns;
  return {
    scheduleRuns,
    schedules: createSchedules({ catalog: db, bus, alarm, audit, settings: owned, sources, storages, now }),
    cleanups: createCleanups({ catalog: db, bus, audit, operations, deletions, clock, settings: owned, queue, now }),
    history: createHistory({ catalog: db, settings: owned, clock, now }),
  };
}
export type Scheduling = ReturnType<typeof wireScheduling>;
