/** The error codes of the API (`extensions.code`) and of an operation's `error.code`. */
export const errorCodes = [
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "BAD_USER_INPUT",
  "NOT_FOUND",
  "CONFLICT",
  "SOURCE_UNAVAILABLE",
  "STORAGE_UNAVAILABLE",
  "STORAGE_FULL",
  "DUMP_FAILED",
  "LOAD_FAILED",
  "ARTIFACT_CORRUPT",
  "ARTIFACT_UNSAFE",
  "KEY_MISSING",
  "CANCELLED",
  "INTERRUPTED",
  "INTERNAL",
] as const;
export type ErrorCode = (typeof errorCodes)[number];
