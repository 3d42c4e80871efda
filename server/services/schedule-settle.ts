import type { Db } from "../db/client.ts";
import { type OperationOutcome, readOutcomes } from "../db/operations.ts";
import type { RunOfSchedule, ScheduleRunRow } from "../db/schedule-runs.ts";
import * as db from "../db/schedule-runs.ts";
import type { OperationId } from "../domain/ids.ts";
import { isFinal } from "../domain/operation.ts";
import { retryAt } from "../domain/schedule/retry.ts";
import type { Bus } from "../events/bus.ts";
import { allowedFrom } from "./schedule-claim.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly now: () => Date;
}

/** Ends runs as their operations ended. */
export function createSettling({ catalog, bus, now }: Dependencies) {
  async function settle({ run, schedule }: RunOfSchedule, outcome: OperationOutcome): Promise<boolean> {
    const changed = await db.changeRun(catalog, run, changeAfter({ run, schedule }, outcome));
    if (changed) bus.publish("schedule", { id: schedule.id });
    return changed;
  }

  function changeAfter(
    { run, schedule }: RunOfSchedule,
    { status, passed, errorCode, errorMessage }: OperationOutcome,
  ): Partial<ScheduleRunRow> {
    const settledAt = now();
    if (status === "COMPLETED" && passed !== false) return { state: "COMPLETED", reason: null, message: null, settledAt };
    if (status === "COMPLETED") return { state: "FAILED", message: "The backup did not pass its verification.", settledAt };
    if (status === "CANCELLED") return { state: "CANCELLED", message: errorMessage, settledAt };
    // Whoever asked sees that it failed, and asks again when they want to.
    const again = run.cause === "MANUAL" ? null : retryAt(errorCode, run.attempt, schedule.retries, settledAt);
    if (again === null) return { state: "FAILED", message: errorMessage, settledAt };
    return { state: "WAITING", reason: "RETRY", message: errorMessage, notBefore: allowedFrom(schedule)(again) };
  }

  return {
    /** Ends the run of an operation that has ended; false when no run waits for that. */
    async settleRunOf(id: OperationId): Promise<boolean> {
      const run = await db.findRunOf(catalog, id);
      if (run?.run.state !== "STARTED") return false;
      const [outcome] = await readOutcomes(catalog, [id]);
      return outcome && isFinal(outcome.status) ? settle(run, outcome) : false;
    },

    /** The same for every run that is under way; gives those whose operation is not there, because a crash came before it. */
    async settleAll(): Promise<RunOfSchedule[]> {
      const started = await db.listUnfinished(catalog, ["STARTED"]);
      const ids = started.flatMap(({ run }) => (run.operationId ? [run.operationId] : []));
      const outcomes = new Map((await readOutcomes(catalog, ids)).map((outcome) => [outcome.id, outcome]));
      const lost: RunOfSchedule[] = [];
      for (const each of started) {
        const outcome = each.run.operationId && outcomes.get(each.run.operationId);
        if (!outcome) lost.push(each);
        else if (isFinal(outcome.status)) await settle(each, outcome);
      }
      return lost;
    },
  };
}
