import { Failure } from "../../domain/errors.ts";

/** Whether trying again may help: the storage or the way to it failed, and nothing says that it will go on failing. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof Failure)
    return error.code === "STORAGE_UNAVAILABLE" && !lasting.has(error.reason ?? "") && !lastingCalls.has(codeOf(error.cause));
  return passingCalls.has(codeOf(error));
}

/** Reasons that stay until a person does something. */
const lasting: ReadonlySet<string> = new Set([
  "ACCESS_DENIED",
  "AUTHENTICATION_REFUSED",
  "BUCKET_MISSING",
  "CERTIFICATE_REFUSED",
  "CLOCK_SKEW",
  "CREDENTIALS_REFUSED",
  "DELETE_DENIED",
  "DIRECTORY_MISSING",
  "ENDPOINT_NOT_ALLOWED",
  "HOST_KEY_CHANGED",
  "HOST_UNKNOWN",
  "OBJECT_CHANGED",
  "PERMISSION_DENIED",
  "REDIRECTED",
  "REDIRECTED",
  "SFTP_NOT_OFFERED",
  "STORAGE_NOT_MOUNTED",
  "STORAGE_RESTING",
  "WRONG_REGION",
]);

/** The same of a folder on this machine, by the system's code. */
const lastingCalls: ReadonlySet<string> = new Set([
  "EACCES",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOTDIR",
  "ENOTEMPTY",
  "EPERM",
  "EROFS",
]);

/** A network's own errors that no adapter has put into words. */
const passingCalls: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
]);

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "");
