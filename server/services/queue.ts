import type { OperationKind } from "../../shared/enums.ts";
import type { OperationId, UploadId } from "../domain/ids.ts";
import type { Alarm } from "./alarm.ts";

export type JobName = "backup" | "restore" | "verification" | "cleanup" | "copy";

/** The job that carries out each kind of operation. */
export const jobOf = {
  BACKUP: "backup",
  RESTORE: "restore",
  VERIFICATION: "verification",
  CLEANUP: "cleanup",
  COPY: "copy",
} as const satisfies Record<OperationKind, JobName>;

/** Wakes a worker for an operation that waits. Jobs are disposable: telling it twice does no harm. */
export interface Queue {
  add(job: JobName, id: OperationId): Promise<void>;
  /** The same for an upload that waits to be inspected. */
  add(job: "inspection", id: UploadId): Promise<void>;
  /** Throws when it wakes nobody any more; absent where there is nobody to wake. */
  checkAlive?(): void;
  /** Absent in a process that carries out itself what it begins and is over then: a command. */
  readonly alarm?: Alarm;
}
