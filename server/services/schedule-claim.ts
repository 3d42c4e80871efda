import type { Db } from "../db/client.ts";
import type { Advance, NewScheduleRun, ScheduleRow } from "../db/schedule-runs.ts";
import * as db from "../db/schedule-runs.ts";
import { newId, type ScheduleId } from "../domain/ids.ts";
import { dueBetween, nextDue } from "../domain/schedule/due-times.ts";
import { type PlannedRun, planRuns } from "../domain/schedule/plan-runs.ts";
import { quietUntil } from "../domain/schedule/quiet-hours.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  /** A line of the server's log. */
  readonly warn: (message: string) => void;
}

/** A due time that has come, with what is to become of it. */
export interface PlannedRunOf {
  readonly schedule: ScheduleRow;
  readonly planned: PlannedRun;
}

/** So many schedules are considered in one transaction. */
const batch = 250;
/** Due times that lie further back are not counted any more. */
const longestLookBack = 366 * 24 * 60 * 60 * 1000;
/** A clock that was set back by less waits until it has caught up: an hour is what people set it wrong by. */
const tolerated = 2 * 60 * 60 * 1000;
const atMost = 1_000_000;

/** When a schedule lets something start, from this instant on. */
export const allowedFrom =
  ({ quietHours, timeZone }: ScheduleRow) =>
  (instant: Date): Date =>
    (quietHours && quietUntil(quietHours, timeZone, instant)) ?? instant;

/** Turns due times that have come into runs, each exactly once however many processes look. */
export function createClaims({ catalog, now, onError, warn }: Dependencies) {
  function plansOf(schedule: ScheduleRow, at: Date, unfinished: number): PlannedRun[] {
    const after = new Date(Math.max(schedule.consideredUntil.getTime(), at.getTime() - longestLookBack));
    const dueTimes = dueBetween(schedule, after, at, atMost);
    return planRuns(schedule, dueTimes, { now: at, unfinished, allowedFrom: allowedFrom(schedule) });
  }

  /** One broken schedule may not stop the others: it is left out, and looked at again once it is changed. */
  function considered(schedule: ScheduleRow, at: Date, unfinished: number): { runs: NewScheduleRun[]; advance: Advance } {
    try {
      const runs = plansOf(schedule, at, unfinished).map((planned) => rowOf(schedule.id, planned, at));
      return { runs, advance: { id: schedule.id, consideredUntil: at, nextRunAt: nextDue(schedule, at) } };
    } catch (error) {
      onError(new Error(`The due times of ${schedule.name} cannot be worked out.`, { cause: error }));
      return { runs: [], advance: { id: schedule.id, consideredUntil: schedule.consideredUntil, nextRunAt: null } };
    }
  }

  const claimBatch = (): Promise<Advance[]> =>
    catalog.transaction(
      async (tx) => {
        const at = now();
        const due = await db.lockDue(tx, at, batch);
        if (due.length === 0) return [];
        const unfinished = await db.countUnfinished(
          tx,
          due.map(({ id }) => id),
        );
        const all = due.map((schedule) => considered(schedule, at, unfinished.get(schedule.id) ?? 0));
        await db.insertRuns(
          tx,
          all.flatMap(({ runs }) => runs),
        );
        const advances = all.map(({ advance }) => advance);
        await db.advanceSchedules(tx, advances);
        return advances;
      },
      { isolationLevel: "read committed" },
    );

  return {
    /** Writes a run down for each due time that has come; gives the schedules that moved on, with their next due time. */
    async claimDue(): Promise<Advance[]> {
      const moved: Advance[] = [];
      for (;;) {
        const advances = await claimBatch();
        moved.push(...advances);
        if (advances.length < batch) return moved;
      }
    },

    /** What `claimDue` would write down now; nothing is changed. */
    async preview(): Promise<PlannedRunOf[]> {
      const at = now();
      const due = await db.listDue(catalog, at);
      if (due.length === 0) return [];
      const unfinished = await db.countUnfinished(
        catalog,
        due.map(({ id }) => id),
      );
      return due.flatMap((schedule) => plansOf(schedule, at, unfinished.get(schedule.id) ?? 0).map((planned) => ({ schedule, planned })));
    },

    /**
     * Where a clock had run far ahead, the schedules were considered up to an instant that is still to come: they go on
     * from now. What ran in the meantime has its runs, so that nothing is done twice. A clock that stands before a
     * schedule was made is wrong itself, and changes nothing.
     */
    async healClock(): Promise<Advance[]> {
      const at = now();
      const healed = await catalog.transaction(async (tx) => {
        const ahead = await db.lockConsideredAfter(tx, new Date(at.getTime() + tolerated));
        const wrong = ahead.filter(({ createdAt }) => createdAt <= at);
        if (wrong.length === 0) return [];
        const advances = wrong.map((schedule) => ({ id: schedule.id, consideredUntil: at, nextRunAt: nextDue(schedule, at) }));
        await db.forgetFuture(
          tx,
          wrong.map(({ id }) => id),
          at,
        );
        await db.advanceSchedules(tx, advances);
        return advances;
      });
      if (healed.length > 0)
        warn(`The clock went back: ${healed.length} schedules had been considered further than it says now, and go on from here.`);
      return healed;
    },
  };
}

const rowOf = (scheduleId: ScheduleId, planned: PlannedRun, at: Date): NewScheduleRun => ({
  ...planned,
  ...{ id: newId(), scheduleId, createdAt: at, settledAt: planned.state === "SKIPPED" ? at : null },
});
