import type { OperationId } from "../domain/ids.ts";

/** Wakes a worker for an operation that waits. Jobs are disposable: telling it twice does no harm. */
export interface Queue {
  add(job: "backup" | "restore", id: OperationId): Promise<void>;
}
