import type { OperationStatus } from "../../shared/enums.ts";

const next: Readonly<Record<OperationStatus, readonly OperationStatus[]>> = {
  QUEUED: ["RUNNING", "CANCELLED", "FAILED"],
  RUNNING: ["COMPLETED", "FAILED", "CANCELLED"],
  COMPLETED: [],
  FAILED: [],
  CANCELLED: [],
};

/** The statuses from which an operation may become `status`. */
export const statusesBefore = (status: OperationStatus): readonly OperationStatus[] =>
  (Object.keys(next) as OperationStatus[]).filter((from) => next[from].includes(status));

/** An operation that is still to do or being done. */
export const activeStatuses = ["QUEUED", "RUNNING"] as const satisfies readonly OperationStatus[];

export const isFinal = (status: OperationStatus) => next[status].length === 0;
