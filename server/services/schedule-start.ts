import type { Trigger } from "../../shared/enums.ts";
import { newestGoodBackup } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { findOperation } from "../db/operations.ts";
import type { RunOfSchedule, ScheduleRow, ScheduleRunRow } from "../db/schedule-runs.ts";
import * as db from "../db/schedule-runs.ts";
import type { Actor } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import {
  type BackupId,
  newId,
  type OperationId,
  type RestoreId,
  type ScheduleId,
  type StorageId,
  type VerificationId,
} from "../domain/ids.ts";
import { retryAt } from "../domain/schedule/retry.ts";
import type { Bus } from "../events/bus.ts";
import type { BackupRow, Backups } from "./backups.ts";
import type { Restores } from "./restores.ts";
import { allowedFrom } from "./schedule-claim.ts";
import type { Verifications } from "./verifications.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly now: () => Date;
  readonly backups: Pick<Backups, "create">;
  readonly restores: Pick<Restores, "create">;
  readonly verifications: Pick<Verifications, "create">;
}

/** A run whose operation waits to be carried out or is under way. */
export interface StartedRun {
  readonly schedule: ScheduleRow;
  readonly run: ScheduleRunRow & { readonly operationId: OperationId };
  /** The backup that is taken, restored or verified. */
  readonly backup: BackupRow;
}

/** So many runs are started side by side: most of the time goes by waiting for the catalog. */
const atOnce = 4;

/** Who it is when nobody asked. */
const scheduleActor = ({ name }: ScheduleRow): Actor => ({ kind: "schedule", name: `schedule ${name}`, role: "ADMIN" });

/** Begins the operations of runs whose time has come. */
export function createStarts({ catalog, bus, now, backups, restores, verifications }: Dependencies) {
  const tell = ({ id }: Pick<ScheduleRow, "id">) => bus.publish("schedule", { id });

  /** The operation under the id that it was given: asked for twice, there is one. Null when there is nothing to do it with. */
  async function create(schedule: ScheduleRow, id: OperationId, actor: Actor, trigger: Trigger): Promise<BackupRow | null> {
    const {
      kind,
      sourceId,
      storageId,
      otherStorageIds,
      backupType: type,
      compression,
      excludeLogs,
      databaseEngine,
      mediaMode,
      encrypt,
      verifyAfter: verify,
    } = schedule;
    if (kind === "BACKUP")
      return backups.create(
        actor,
        {
          id: id as BackupId,
          scheduleId: schedule.id,
          type,
          sourceId,
          ...storagesOf(storageId, otherStorageIds),
          compression,
          excludeLogs,
          databaseEngine,
          mediaMode,
          encrypt,
          verify,
        },
        trigger,
      );
    const backup = await newestGoodBackup(catalog, sourceId, kind === "RESTORE" ? type : null);
    if (!backup) return null;
    if (kind === "RESTORE")
      await restores.create(actor, {
        ...{ id: id as RestoreId, backupId: backup.id, type, mode: schedule.restoreMode },
        ...{ targetSourceId: schedule.targetSourceId, backupBeforeRestore: true },
      });
    else await verifications.create(actor, backup.id, schedule.level ?? "CHECKSUM", id as VerificationId);
    return backup;
  }

  /** Whether it was begun all the same, by another process that caught up with the same run. */
  const begun = async (id: OperationId) => (await findOperation(catalog, id)) !== null;

  /**
   * Makes the operation of a run that is STARTED, or ends the run with what stands in its way. `again` says whether a
   * refusal may be tried again later.
   */
  async function begin(
    { run, schedule }: RunOfSchedule,
    actor: Actor,
    trigger: Trigger,
    again: boolean,
  ): Promise<StartedRun | Failure | null> {
    const { operationId } = run;
    if (operationId === null) throw new Error(`The run ${run.id} is under way without an operation.`);
    try {
      const backup = await create(schedule, operationId, actor, trigger);
      if (backup) {
        tell(schedule);
        return { schedule, run: { ...run, operationId }, backup };
      }
      const message = "There is no good backup of the source yet.";
      await end(run, schedule, { state: "SKIPPED", reason: "NOTHING_TO_DO", message, settledAt: now() });
      return new Failure("NOT_FOUND", message, "Take a backup of it first.");
    } catch (error) {
      if (await begun(operationId)) return null;
      if (!(error instanceof Failure)) throw error;
      await refuse({ run, schedule }, error, again);
      return error;
    }
  }

  async function end(run: ScheduleRunRow, schedule: ScheduleRow, change: Partial<ScheduleRunRow>): Promise<boolean> {
    const changed = await db.changeRun(catalog, run, change);
    if (changed) tell(schedule);
    return changed;
  }

  /** A failed attempt: it waits for the next one, or that was the last. */
  async function refuse({ run, schedule }: RunOfSchedule, { code, message }: Failure, again: boolean): Promise<void> {
    const at = again ? retryAt(code, run.attempt, schedule.retries, now()) : null;
    await end(
      run,
      schedule,
      at
        ? { state: "WAITING", reason: "RETRY", message, notBefore: allowedFrom(schedule)(at) }
        : { state: "FAILED", reason: "REFUSED", message, settledAt: now() },
    );
  }

  /** Starts a run that waits, unless somebody else just did. */
  async function start({ run, schedule }: RunOfSchedule): Promise<StartedRun | null> {
    const at = now();
    if (!schedule.active) {
      await end(run, schedule, { state: "SKIPPED", reason: "PAUSED", message: "The schedule was paused.", settledAt: at });
      return null;
    }
    const notBefore = allowedFrom(schedule)(at);
    if (notBefore > at) {
      await end(run, schedule, { reason: "QUIET_HOURS", message: "Waits for the end of the quiet hours.", notBefore });
      return null;
    }
    const change = { state: "STARTED", attempt: run.attempt + 1, operationId: newId<BackupId>(), reason: null, message: null } as const;
    if (!(await db.changeRun(catalog, run, change))) return null;
    await db.noteLastRun(catalog, schedule.id, at);
    const started = await begin({ run: { ...run, ...change }, schedule }, scheduleActor(schedule), "SCHEDULE", true);
    return started instanceof Failure ? null : started;
  }

  return {
    begin,

    /** Starts every run that may start now: of each schedule only the first, once what it waits for is over. */
    async startWaiting(only: ScheduleId | null = null): Promise<StartedRun[]> {
      const may = startable(await db.listUnfinished(catalog), now()).filter(({ schedule }) => only === null || schedule.id === only);
      const started: (StartedRun | null)[] = [];
      for (let from = 0; from < may.length; from += atOnce) started.push(...(await Promise.all(may.slice(from, from + atOnce).map(start))));
      return started.filter((each) => each !== null);
    },

    /** Makes the operations that a crash came before. */
    async catchUp(run: RunOfSchedule): Promise<void> {
      await begin(run, scheduleActor(run.schedule), run.run.cause === "MANUAL" ? "MANUAL" : "SCHEDULE", run.run.cause !== "MANUAL");
    },
  };
}

const storagesOf = (first: StorageId | null, others: readonly StorageId[] | null) =>
  first && others ? { storageIds: [first, ...others] } : { storageId: first };

/** Of each schedule the first of its unfinished runs, if that waits and may start. */
export function startable(unfinished: readonly RunOfSchedule[], now: Date): RunOfSchedule[] {
  const due = unfinished.filter(({ run }) => run.cause !== "MANUAL");
  const firsts = [...Map.groupBy(due, ({ schedule }) => schedule.id).values()].flatMap((runs) => {
    const first = runs.find(({ run }) => run.state === "STARTED") ?? runs[0];
    return first ? [first] : [];
  });
  return firsts.filter(({ run, schedule }) => run.state === "WAITING" && (run.notBefore <= now || !schedule.active));
}
