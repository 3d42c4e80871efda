import type { StoredKind } from "../db/operations.ts";
import type { Failure } from "../domain/errors.ts";
import type { BackupId, CleanupId, CopyId, OperationId, RestoreId, VerificationId } from "../domain/ids.ts";
import type { Admission } from "./admission.ts";
import type { Alerts } from "./alerts.ts";
import type { Backups } from "./backups.ts";
import type { Cleanups } from "./cleanups.ts";
import type { Copies } from "./copies.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Digest } from "./digest.ts";
import type { History } from "./history.ts";
import type { LabelsService } from "./labels.ts";
import type { Operations } from "./operations.ts";
import { jobOf, type Queue } from "./queue.ts";
import type { Restores } from "./restores.ts";
import type { ScheduleRuns } from "./schedule-runs.ts";
import type { Schedules } from "./schedules.ts";
import type { Storages } from "./storages.ts";
import type { Uploads } from "./uploads.ts";
import type { Verifications } from "./verifications.ts";

interface Dependencies {
  readonly operations: Operations;
  readonly backups: Backups;
  readonly labels: Pick<LabelsService, "upkeep">;
  readonly restores: Restores;
  readonly verifications: Verifications;
  readonly cleanups: Cleanups;
  readonly copies: Copies;
  readonly history: History;
  readonly uploads: Uploads;
  readonly storages: Pick<Storages, "upkeep">;
  readonly schedules: Pick<Schedules, "pauseUnknownZones">;
  readonly scheduleRuns: ScheduleRuns;
  readonly alerts: Pick<Alerts, "upkeep">;
  readonly deliveries: Pick<Deliveries, "wake">;
  readonly digest: Digest;
  /** Removes the servers and folders of drills that died. */
  readonly sweepScratch: () => Promise<void>;
  readonly queue: Queue;
  readonly admission: Pick<Admission, "wakeNext">;
  readonly onError: (error: unknown) => void;
}

export type Upkeep = ReturnType<typeof createUpkeep>;

/** Puts right what crashes left behind, and goes on with what could not be done before. */
export const createUpkeep = ({
  operations,
  backups,
  labels,
  restores,
  verifications,
  cleanups,
  copies,
  history,
  uploads,
  storages,
  schedules,
  scheduleRuns,
  alerts,
  deliveries,
  digest,
  queue,
  sweepScratch,
  admission,
  onError,
}: Dependencies) => {
  const verdicts: Readonly<Record<StoredKind, (id: OperationId) => Promise<Failure | null>>> = {
    BACKUP: (id) => backups.settle(id as BackupId),
    RESTORE: (id) => restores.settle(id as RestoreId),
    VERIFICATION: (id) => verifications.settle(id as VerificationId),
    CLEANUP: (id) => cleanups.settle(id as CleanupId),
    COPY: (id) => copies.settle(id as CopyId),
  };
  const steps: readonly (() => Promise<unknown>)[] = [
    () => operations.settleInterrupted(({ kind, id }) => verdicts[kind](id)),
    sweepScratch,
    restores.finishRepairs,
    backups.finishDeletions,
    backups.finishVerifying,
    copies.upkeep,
    labels.upkeep,
    uploads.upkeep,
    schedules.pauseUnknownZones,
    scheduleRuns.upkeep,
    wakeUnlimited,
    admission.wakeNext,
    cleanups.upkeep,
    history.upkeep,
    storages.upkeep,
    alerts.upkeep,
    digest.upkeep,
    deliveries.wake,
  ];

  /** A job may be lost or locked by a worker that is gone; the operation that waits is what counts. */
  async function wakeUnlimited(): Promise<void> {
    for (const { kind, id } of await operations.waiting()) if (kind === "CLEANUP") await queue.add(jobOf[kind], id);
  }

  return {
    async perform(): Promise<void> {
      // One that fails, such as while a storage is away, keeps none of the others from being done.
      for (const step of steps) await step().catch(onError);
    },
  };
};
