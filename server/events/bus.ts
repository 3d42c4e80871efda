import type {
  BackupId,
  CleanupId,
  CopyId,
  DeliveryId,
  OperationId,
  RestoreId,
  ScheduleId,
  StorageId,
  UploadId,
  VerificationId,
} from "../domain/ids.ts";
import type { Progress } from "../domain/progress.ts";

/** What happens, by topic. All but `progress` only say that there is something new to read. */
export interface Events {
  progress: Progress;
  log: { readonly operationId: OperationId };
  backup: { readonly id: BackupId };
  restore: { readonly id: RestoreId };
  verification: { readonly id: VerificationId };
  cleanup: { readonly id: CleanupId };
  copy: { readonly id: CopyId };
  schedule: { readonly id: ScheduleId };
  delivery: { readonly id: DeliveryId };
  upload: { readonly id: UploadId };
  /** A storage was made, changed or removed, or fares otherwise than before. */
  storage: { readonly id: StorageId };
  /** The health of the whole stands otherwise than before. */
  health: { readonly id: "health" };
}
export type Topic = keyof Events;

/** Live events. A subscriber that is slow gets the latest event of each operation, never a growing queue. */
export interface Bus {
  publish<T extends Topic>(topic: T, event: Events[T]): void;
  /** Listens from this call on; `close` ends a waiting reader at once. */
  subscribe<T extends Topic>(topic: T): EventStream<Events[T]>;
}

export interface EventStream<E> extends AsyncIterable<E> {
  close(): void;
}
