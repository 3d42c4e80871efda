import type { OperationKind } from "../../../shared/enums.ts";

/** Fields that every operation has. */
export const operationFields = "id status createdAt startedAt finishedAt durationSeconds error { code message hint }";

export const cancelDocument = "mutation ($id: ID!) { cancelOperation(id: $id) }";

const progressFields = "operationId kind status phase percent bytesProcessed bytesExpected bytesPerSecond etaSeconds currentItem";

export const progressDocument = `subscription ($id: ID!) { operationProgress(id: $id) { ${progressFields} } }`;

export const logDocument = "subscription ($id: ID!, $after: Int) { operationLog(id: $id, after: $after) { sequence at level message } }";

const endOf = (field: string) => `query ($id: ID!) { operation: ${field}(id: $id) { ${operationFields} } }`;

/** What became of an operation, by its kind. */
export const endDocuments: Readonly<Record<OperationKind, string>> = {
  BACKUP: endOf("backup"),
  RESTORE: endOf("restore"),
  VERIFICATION: endOf("verification"),
  CLEANUP: endOf("cleanup"),
  COPY: endOf("copy"),
};

/** An operation of any kind. */
export const anyDocument =
  "query ($id: ID!) { backup(id: $id) { kind } restore(id: $id) { kind } verification(id: $id) { kind } cleanup(id: $id) { kind } copy(id: $id) { kind } }";
