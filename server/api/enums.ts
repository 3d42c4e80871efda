import { registerEnumType } from "type-graphql";
import {
  backupTypes,
  compressions,
  operationKinds,
  operationStatuses,
  phases,
  restoreModes,
  roles,
  storageKinds,
  triggers,
} from "../../shared/enums.ts";

/** The words of shared/enums.ts as enums of the schema, each registered once. */
function named<T extends string>(name: string, words: readonly T[], description?: string): Record<T, T> {
  const values = Object.fromEntries(words.map((word) => [word, word])) as Record<T, T>;
  registerEnumType(values, { name, ...(description ? { description } : {}) });
  return values;
}

export const BackupTypeEnum = named("BackupType", backupTypes);
export const OperationKindEnum = named("OperationKind", operationKinds);
export const OperationStatusEnum = named("OperationStatus", operationStatuses);
export const PhaseEnum = named("Phase", phases);
export const TriggerEnum = named("Trigger", triggers);
export const CompressionEnum = named("Compression", compressions);
export const RoleEnum = named("Role", roles);
export const StorageKindEnum = named("StorageKind", storageKinds);
export const RestoreModeEnum = named("RestoreMode", restoreModes, "REPLACE: the target ends exactly as the backup.");
