import type { ErrorRequestHandler, Request, Response } from "express";
import type { ErrorCode } from "../../shared/codes.ts";
import { Failure } from "../domain/errors.ts";
import type { OriginCheck } from "./origin.ts";

const statuses: Partial<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  CANCELLED: 409,
  ARTIFACT_CORRUPT: 422,
  ARTIFACT_UNSAFE: 422,
  KEY_MISSING: 422,
  SOURCE_UNAVAILABLE: 502,
  STORAGE_UNAVAILABLE: 502,
  DUMP_FAILED: 502,
  LOAD_FAILED: 502,
  INTERRUPTED: 503,
  STORAGE_FULL: 507,
};

/** The HTTP status of a code; 500 for one that is none of ours. */
export const statusOf = (code: unknown): number => statuses[code as ErrorCode] ?? 500;

/** Answers with the failure as `{error: {code, message, hint}}`. */
export function sendFailure(res: Response, { code, message, hint }: Failure, status = statusOf(code)): void {
  res
    .status(status)
    .set("cache-control", "no-store")
    .json({ error: { code, message, ...(hint ? { hint } : {}) } });
}

/** Answers 429 with the seconds to wait. */
export function sendTooMany(res: Response, seconds: number): void {
  res.set("retry-after", String(seconds));
  sendFailure(res, new Failure("FORBIDDEN", "There were too many attempts.", `Try again in ${seconds} seconds.`), 429);
}

/** Throws the Failure for a request that could change something unless it is JSON, or empty, and from a page of ours. */
export function refuseForeign(req: Request, originAllowed: OriginCheck): void {
  if (!originAllowed(req.headers))
    throw new Failure(
      "FORBIDDEN",
      "This page does not belong to this Holdfast.",
      "Open Holdfast at its own address. If that is the address, set HOLDFAST_PUBLIC_URL to it.",
    );
  if (req.get("content-length") !== "0" && req.is("application/json") === false)
    throw new Failure("BAD_USER_INPUT", "The body is not JSON.", "Send it as application/json.");
}

/** The last of a router's handlers: Failures and unreadable bodies as JSON; anything else goes on to the server. */
export const refusals: ErrorRequestHandler = (error, _req, res, next) => {
  if (error instanceof Failure) return sendFailure(res, error);
  // body-parser's errors: too large, cut short, not JSON, an unknown charset or encoding.
  const status = error instanceof Error && "type" in error && "status" in error ? Number(error.status) : 500;
  if (status >= 400 && status < 500)
    return sendFailure(res, new Failure("BAD_USER_INPUT", status === 413 ? "The body is too large." : "The body cannot be read."), status);
  next(error);
};
