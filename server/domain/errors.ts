import type { ErrorCode } from "../../shared/codes.ts";

/** A failure we foresaw: shown as it stands, with a code to branch on and a hint to act on. Anything else is a bug. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** A finer reason than the code, such as `DUMP_KILLED`; stands beside it as `extensions.reason`. */
  readonly reason: string | undefined;

  constructor(code: ErrorCode, message: string, hint?: string, options?: ErrorOptions & { reason?: string }) {
    super(message, options);
    this.code = code;
    this.hint = hint;
    this.reason = options?.reason;
  }
}

/** The Failure for an id that names nothing. */
export const notFound = (noun: string, id: string) => new Failure("NOT_FOUND", `There is no ${noun} ${id}.`);

/** The Failure for input that is refused before anything is touched. */
export const badInput = (message: string, hint?: string) => new Failure("BAD_USER_INPUT", message, hint);

/** The message of whatever was thrown, for a log line. */
export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
