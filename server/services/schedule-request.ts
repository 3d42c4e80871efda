import type {
  BackupType,
  Compression,
  DatabaseEngine,
  MediaMode,
  RestoreMode,
  ScheduleKind,
  VerificationLevel,
} from "../../shared/enums.ts";
import { badInput } from "../domain/errors.ts";
import type { SourceId, StorageId } from "../domain/ids.ts";
import { checkRetention, type RetentionRequest } from "../domain/retention-check.ts";
import { checkRecurrence, type RecurrenceRequest } from "../domain/schedule/check-recurrence.ts";
import { checkRules, type RulesRequest } from "../domain/schedule/check-rules.ts";
import type { ScheduleDefinition } from "../domain/schedule.ts";
import { checkedName } from "./account-input.ts";
import { checkParts } from "./backups.ts";
import type { SourceRow, Sources } from "./sources.ts";
import { checkedChoice } from "./storage-choice.ts";
import type { Storages } from "./storages.ts";

/** A schedule as a client describes it. What its frequency or its kind has no use for is left out of what is kept. */
export interface ScheduleRequest extends RecurrenceRequest, RulesRequest {
  readonly name: string;
  readonly kind?: ScheduleKind | null;
  readonly backupType: BackupType;
  readonly sourceId?: SourceId | null;
  readonly storageId?: StorageId | null;
  /** All storages of its backups, the first of which is read first; instead of `storageId`. */
  readonly storageIds?: readonly StorageId[] | null;
  readonly compression?: Compression | null;
  readonly excludeLogs?: boolean | null;
  /** Null: as the settings say. */
  readonly encrypt?: boolean | null;
  /** Null: as the source says. */
  readonly databaseEngine?: DatabaseEngine | null;
  readonly mediaMode?: MediaMode | null;
  /** Null: the global default. */
  readonly retention?: RetentionRequest | null;
  readonly verifyAfter?: VerificationLevel | null;
  readonly active?: boolean | null;
  readonly targetSourceId?: SourceId | null;
  readonly restoreMode?: RestoreMode | null;
  readonly level?: VerificationLevel | null;
}

export interface CheckedSchedule extends ScheduleDefinition {
  readonly active: boolean;
}

interface Dependencies {
  readonly sources: Pick<Sources, "choose" | "existing">;
  readonly storages: Pick<Storages, "choose">;
}

/** The schedule that a request describes, complete; refuses with BAD_USER_INPUT or NOT_FOUND what could never work. */
export async function checkScheduleRequest(request: ScheduleRequest, { sources, storages }: Dependencies): Promise<CheckedSchedule> {
  const name = checkedName(request.name, "The schedule");
  const recurrence = checkRecurrence(request);
  const rules = checkRules(request, recurrence);
  const kind = request.kind ?? "BACKUP";
  const forBackups = kind === "BACKUP" ? backupPartOf(request) : noBackup;
  const source = await sources.choose(request.sourceId ?? null);
  checkParts(source, request.backupType);
  await storages.choose(forBackups.storageId);
  for (const other of forBackups.otherStorageIds ?? []) await storages.choose(other);
  const target = kind === "RESTORE" ? await checkedTarget(request, source, sources) : null;
  return {
    ...recurrence,
    ...rules,
    ...forBackups,
    name,
    kind,
    sourceId: source.id,
    backupType: request.backupType,
    targetSourceId: target?.id ?? null,
    restoreMode: kind === "RESTORE" ? (request.restoreMode ?? "REPLACE") : null,
    level: kind === "VERIFICATION" ? (request.level ?? "RESTORE") : null,
    active: request.active ?? true,
  };
}

function backupPartOf(request: ScheduleRequest) {
  const { first, others } = checkedChoice(request);
  return {
    storageId: first,
    otherStorageIds: others.length > 0 ? others : null,
    compression: request.compression ?? null,
    excludeLogs: request.excludeLogs ?? true,
    databaseEngine: request.databaseEngine ?? null,
    mediaMode: request.mediaMode ?? null,
    encrypt: request.encrypt ?? null,
    retention: request.retention ? checkRetention(request.retention) : null,
    verifyAfter: request.verifyAfter ?? null,
  };
}

/** What restores and verifications keep of it: they make no backup. */
const noBackup = {
  storageId: null,
  otherStorageIds: null,
  compression: null,
  excludeLogs: true,
  databaseEngine: null,
  mediaMode: null,
  encrypt: null,
  retention: null,
  verifyAfter: null,
};

/** The source that is restored into. Never the one whose backups are restored: that would throw away each day's work. */
async function checkedTarget(
  { targetSourceId, backupType }: ScheduleRequest,
  source: SourceRow,
  sources: Dependencies["sources"],
): Promise<SourceRow> {
  if (!targetSourceId)
    throw badInput(
      "A schedule that restores needs `targetSourceId`: the source that is restored into.",
      "Name another source, such as staging.",
    );
  if (targetSourceId === source.id)
    throw badInput(
      `${source.name} would be restored onto itself at each run, and lose all that happened since its last backup.`,
      "Name another source as the target, such as staging; one restore onto itself is started by hand.",
    );
  const target = await sources.existing(targetSourceId);
  checkParts(target, backupType);
  return target;
}
