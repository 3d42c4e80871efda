import type { Agenda } from "agenda";
import type { ScheduleId } from "../domain/ids.ts";
import type { Alarm } from "../services/alarm.ts";
import type { ScheduleRuns } from "../services/schedule-runs.ts";
import type { MysqlBackend } from "./backend/mysql-backend.ts";
import { lockLifetime, withHeartbeat } from "./heartbeat.ts";

const name = "schedule";

/** One job for each schedule, which runs when that is due. */
export const alarmOn = (backend: MysqlBackend): Alarm => ({
  set: (alarms) => (alarms.length > 0 ? backend.plan(name, alarms) : Promise.resolve()),
  replaceAll: (alarms) => backend.plan(name, alarms, true),
});

/**
 * Whichever schedule's alarm rings, all that are due are dealt with, and their alarms set anew: of a thousand that are due at
 * once, a few jobs run. The row of a schedule stays, as the alarm for the next time.
 */
export const defineSchedule = (agenda: Agenda, scheduleRuns: Pick<ScheduleRuns, "ring">) =>
  agenda.define<{ id: ScheduleId }>(name, (job) => withHeartbeat(job, () => scheduleRuns.ring()), {
    lockLifetime,
    lockLimit: 20,
    concurrency: 1,
    removeOnComplete: false,
  });
