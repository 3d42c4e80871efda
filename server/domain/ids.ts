import { randomUUID } from "node:crypto";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type SourceId = Branded<"source">;
export type StorageId = Branded<"storage">;
export type BackupId = Branded<"backup">;
export type RestoreId = Branded<"restore">;
export type VerificationId = Branded<"verification">;
export type UploadId = Branded<"upload">;
export type CleanupId = Branded<"cleanup">;
export type CopyId = Branded<"copy">;
export type ScheduleId = Branded<"schedule">;
export type ScheduleRunId = Branded<"scheduleRun">;
export type ChannelId = Branded<"channel">;
export type DeliveryId = Branded<"delivery">;
export type AuditEntryId = Branded<"auditEntry">;
export type UserId = Branded<"user">;
export type ApiTokenId = Branded<"apiToken">;
/** Every operation's id is unique among operations of all kinds. */
export type OperationId = BackupId | RestoreId | VerificationId | CleanupId | CopyId;

/** A new random id: 36 characters, the first 8 of them random too, because artifact folders carry those. */
export const newId = <T extends string>(): T => randomUUID() as string as T;
