import type { Trigger } from "../../shared/enums.ts";
import type { Db } from "../db/client.ts";
import { isDuplicate } from "../db/deadlock.ts";
import type { ScheduleRow, ScheduleRunRow } from "../db/schedule-runs.ts";
import * as db from "../db/schedule-runs.ts";
import { type Actor, allow } from "../domain/access.ts";
import { Failure, notFound } from "../domain/errors.ts";
import { type BackupId, newId, type OperationId, type ScheduleId } from "../domain/ids.ts";
import type { PlannedRun } from "../domain/schedule/plan-runs.ts";
import type { Bus } from "../events/bus.ts";
import type { Alarm, ScheduleAlarm } from "./alarm.ts";
import type { BackupRow, Backups } from "./backups.ts";
import { firstOf } from "./paging.ts";
import type { Restores } from "./restores.ts";
import { createClaims } from "./schedule-claim.ts";
import { createSettling } from "./schedule-settle.ts";
import { createStarts, type StartedRun, startable } from "./schedule-start.ts";
import type { Verifications } from "./verifications.ts";

export type { ScheduleRow, ScheduleRunRow } from "../db/schedule-runs.ts";
export type { StartedRun } from "./schedule-start.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly now: () => Date;
  readonly alarm: Alarm;
  readonly backups: Pick<Backups, "create">;
  readonly restores: Pick<Restores, "create">;
  readonly verifications: Pick<Verifications, "create">;
  readonly onError: (error: unknown) => void;
  /** A line of the server's log. */
  readonly warn: (message: string) => void;
}

/** What a look at the schedules would do now. */
export type DueRun = Omit<PlannedRun, "dueCount"> & { readonly schedule: ScheduleRow };

export type ScheduleRuns = ReturnType<typeof createScheduleRuns>;

/** Schedules as they run: each due time becomes one run, and each run at most one operation at a time. */
export function createScheduleRuns(dependencies: Dependencies) {
  const { catalog, bus, now, alarm, onError } = dependencies;
  const claims = createClaims(dependencies);
  const starts = createStarts(dependencies);
  const settling = createSettling(dependencies);
  let stopping = false;

  async function claim(): Promise<void> {
    const moved = await claims.claimDue();
    await setAlarms(moved.map(({ id, nextRunAt }) => ({ id, at: nextRunAt })));
    for (const { id } of moved) bus.publish("schedule", { id });
  }

  /** The alarm of a schedule with a run that waits rings for that, if it comes before the next due time. */
  async function setAlarms(next: readonly ScheduleAlarm[]): Promise<void> {
    if (next.length === 0) return;
    const waiting = Map.groupBy(await db.listUnfinished(catalog, ["WAITING"]), ({ schedule }) => schedule.id);
    await alarm.set(
      next.map(({ id, at }) => {
        const times = (waiting.get(id) ?? []).map(({ run }) => run.notBefore).filter((time) => time > now());
        return { id, at: earliest(at === null ? times : [...times, at]) };
      }),
    );
  }

  // Due times are claimed while runs are still being started: what is not claimed within a minute counts as missed.
  const claimed = inTurn(async () => {
    if (!stopping) await claim();
  }, onError);
  const started = inTurn(async () => {
    if (!stopping) await starts.startWaiting();
  }, onError);

  /** Claims what is due and starts what may start. */
  const wake = (): Promise<void> => claimed().then(started);

  async function existing(id: ScheduleId): Promise<ScheduleRow> {
    const schedule = await db.findScheduleRow(catalog, id);
    if (!schedule) throw notFound("schedule", id);
    return schedule;
  }

  /** A run that somebody asked for; it is under way from the start. */
  async function insertManual(scheduleId: ScheduleId): Promise<ScheduleRunRow> {
    for (let at = now(); ; at = new Date(at.getTime() + 1)) {
      const row: ScheduleRunRow = {
        ...{ id: newId(), scheduleId, dueAt: at, cause: "MANUAL", state: "STARTED", reason: null, message: null, notBefore: at },
        ...{ attempt: 1, operationId: newId<BackupId>(), dueCount: 1, createdAt: at, settledAt: null },
      };
      try {
        await db.insertRun(catalog, row);
        return row;
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
    }
  }

  /** Runs a schedule now, paused or not, and gives what was begun. */
  async function runNow(actor: Actor | null, id: ScheduleId, trigger: Trigger): Promise<StartedRun> {
    allow(actor, "runSchedule");
    const schedule = await existing(id);
    if (schedule.kind === "RESTORE") allow(actor, "restore");
    const run = await insertManual(schedule.id);
    await db.noteLastRun(catalog, schedule.id, run.dueAt);
    const started = await starts.begin({ run, schedule }, actor, trigger, false);
    if (started instanceof Failure) throw started;
    if (!started) throw new Error(`The run ${run.id} was begun by somebody else.`);
    return started;
  }

  return {
    wake,
    runNow,
    /** For whoever changes schedules: what waits of their runs still rings in its time. */
    alarm: { set: setAlarms },

    /** An alarm rang: what is due is claimed when this resolves, and started soon after. */
    async ring(): Promise<void> {
      await claimed();
      void started();
    },

    /** The same for the API: the backup that is taken, restored or verified. */
    async run(actor: Actor | null, id: ScheduleId, trigger: Trigger): Promise<BackupRow> {
      return (await runNow(actor, id, trigger)).backup;
    },

    /** What `startDue` would do now: due times that have come and are not written down yet, and runs that waited until now. */
    async due(actor: Actor | null): Promise<DueRun[]> {
      allow(actor, "read");
      const waiting = startable(await db.listUnfinished(catalog), now()).map(({ run, schedule }) => ({ ...run, schedule }));
      const coming = (await claims.preview()).map(({ planned, schedule }) => ({ ...planned, schedule }));
      return [...waiting, ...coming].map(({ schedule, dueAt, cause, state, reason, message, notBefore }) => ({
        ...{ schedule, dueAt, cause, reason, message, notBefore },
        state: state === "SKIPPED" ? "SKIPPED" : "WAITING",
      }));
    },

    /** Claims and starts what is due, of one schedule or of all, and gives what this process has begun: a command carries it out itself. */
    async startDue(actor: Actor | null, only: ScheduleId | null = null): Promise<StartedRun[]> {
      allow(actor, "runSchedule");
      if (only !== null) await existing(only);
      await claim();
      return starts.startWaiting(only);
    },

    /** Runs of one schedule or of all, the newest first. */
    async runs(actor: Actor | null, scheduleId: ScheduleId | null, first: number): Promise<ScheduleRunRow[]> {
      allow(actor, "read");
      return db.listRuns(catalog, scheduleId, firstOf(first));
    },

    /** Ends the run of an operation that has ended, and starts what waited for that. */
    async follow({ id }: { readonly id: OperationId }): Promise<void> {
      if (!(await settling.settleRunOf(id))) return;
      const settled = await db.findRunOf(catalog, id);
      if (settled) await setAlarms([{ id: settled.schedule.id, at: settled.schedule.nextRunAt }]);
      void wake();
    },

    /** What a crash came between, a clock that was wrong, and an alarm that did not ring. Starting goes on in the background. */
    async upkeep(): Promise<void> {
      for (const lost of await settling.settleAll()) await starts.catchUp(lost);
      await setAlarms((await claims.healClock()).map(({ id, nextRunAt }) => ({ id, at: nextRunAt })));
      void wake();
    },

    /** Sets the alarm of each schedule; what is set right already is left alone. */
    async setAllAlarms(): Promise<void> {
      await alarm.replaceAll(await db.listNextTimes(catalog));
    },

    /** Starts nothing more, and waits for what is being started. */
    async stop(): Promise<void> {
      stopping = true;
      await wake();
    },
  };
}

/** `work` once at a time: whoever asks while it is at it shares the round after that. */
function inTurn(work: () => Promise<void>, onError: (error: unknown) => void): () => Promise<void> {
  let present: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  return () => {
    next ??= present.then(() => {
      next = null;
      present = work().catch(onError);
      return present;
    });
    return next;
  };
}

const earliest = (times: readonly Date[]): Date | null =>
  times.reduce<Date | null>((first, time) => (first === null || time < first ? time : first), null);
