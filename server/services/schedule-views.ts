import type { ScheduleHealth } from "../../shared/enums.ts";
import { limits } from "../../shared/limits.ts";
import type { Db } from "../db/client.ts";
import * as db from "../db/schedules.ts";
import { type Actor, allow } from "../domain/access.ts";
import type { ScheduleId } from "../domain/ids.ts";
import { checkedWhole, checkRecurrence, type RecurrenceRequest } from "../domain/schedule/check-recurrence.ts";
import { clockNotes } from "../domain/schedule/clock-notes.ts";
import { dueNext } from "../domain/schedule/due-times.ts";
import { healthOf } from "../domain/schedule/health.ts";
import { describeRecurrence } from "../domain/schedule/sentence.ts";
import { isZone, zoneNames } from "../domain/schedule/zones.ts";
import type { Bus } from "../events/bus.ts";
import { watching } from "./watch.ts";

interface Dependencies<State> {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly now: () => Date;
  readonly describe: (rows: readonly db.ScheduleRow[]) => Promise<State[]>;
}

/** What can be seen of schedules, stored or not yet: when they are due, how they fare, and each change as it happens. */
export const createScheduleViews = <State>({ catalog, bus, now, describe }: Dependencies<State>) => ({
  /** The next due times that an input would give. */
  async preview(actor: Actor | null, request: RecurrenceRequest, count: number): Promise<Date[]> {
    allow(actor, "read");
    return dueNext(checkRecurrence(request), now(), checkedCount(count));
  },

  /** When an input would be due, in plain sentences, with what the clock changes of the next year do to it. */
  async sentence(actor: Actor | null, request: RecurrenceRequest): Promise<string> {
    allow(actor, "read");
    const recurrence = checkRecurrence(request);
    return [`${describeRecurrence(recurrence)}.`, ...clockNotes(recurrence, now())].join(" ");
  },

  /** When a stored schedule is due, in a plain sentence. */
  describeTimes: describeRecurrence,

  /** The next due times of a stored schedule; none while it is paused, or its zone is known no more. */
  nextRuns(row: db.ScheduleRow, count: number): Date[] {
    const most = checkedCount(count);
    return row.active && isZone(row.timeZone) ? dueNext(row, later(now(), row.consideredUntil), most) : [];
  },

  /** How each of these schedules fares. */
  async healths(ids: readonly ScheduleId[]): Promise<{ readonly id: ScheduleId; readonly health: ScheduleHealth }[]> {
    const found = await db.findOutcomes(catalog, ids);
    return found.map(({ outcome, ...life }) => ({ id: life.id, health: healthOf(life, outcome, now()) }));
  },

  timeZones(actor: Actor | null): readonly string[] {
    allow(actor, "read");
    return zoneNames();
  },

  /** Each change of any schedule from now on; those that were deleted are passed over. */
  async watchChanges(actor: Actor | null) {
    allow(actor, "read");
    return watching(bus.subscribe("schedule"), async function* (events) {
      for await (const { id } of events) {
        const row = await db.findSchedule(catalog, id);
        if (row) yield* await describe([row]);
      }
    });
  },

  /** The id of each schedule that is deleted from now on. */
  async watchDeletions(actor: Actor | null) {
    allow(actor, "read");
    return watching(bus.subscribe("schedule"), async function* (events) {
      for await (const { id } of events) if (!(await db.findSchedule(catalog, id))) yield id;
    });
  },
});

const checkedCount = (count: number) => checkedWhole(count, "count", 1, limits.previewCount);
const later = (one: Date, other: Date) => (one > other ? one : other);
