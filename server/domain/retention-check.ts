import { retentionLimits } from "../../shared/limits.ts";
import { Failure } from "./errors.ts";
import type { Retention } from "./retention.ts";

/** Limits as they are given: what is absent sets none. */
export type RetentionRequest = { readonly [Limit in keyof Retention]?: number | null };

const names = {
  days: "Days to keep",
  keepLast: "How many of the last to keep",
  keepDaily: "How many daily ones to keep",
  keepWeekly: "How many weekly ones to keep",
  keepMonthly: "How many monthly ones to keep",
  keepYearly: "How many yearly ones to keep",
} as const satisfies Record<keyof Retention, string>;
const fields = Object.keys(names) as readonly (keyof Retention)[];

/** The limits, each a whole number from 1; refuses none at all, so that nobody can ask to keep nothing. */
export function checkRetention(request: RetentionRequest): Retention {
  for (const field of fields) checkLimit(field, request[field]);
  if (fields.every((field) => request[field] === null || request[field] === undefined))
    throw invalid("Retention has no limit at all.", "Set at least one: days, or how many to keep.");
  const of = (field: keyof Retention) => request[field] ?? null;
  return {
    days: of("days"),
    keepLast: of("keepLast"),
    keepDaily: of("keepDaily"),
    keepWeekly: of("keepWeekly"),
    keepMonthly: of("keepMonthly"),
    keepYearly: of("keepYearly"),
  };
}

/** Refuses one limit that is set and no whole number within bounds. */
export function checkLimit(field: keyof Retention, value: number | null | undefined): void {
  if (value === null || value === undefined) return;
  const { min, max } = field === "days" ? retentionLimits.days : retentionLimits.count;
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalid(`${names[field]} is a whole number from ${min} to ${max}.`, "Leave it out to set no such limit.");
}

const invalid = (message: string, hint: string) => new Failure("BAD_USER_INPUT", message, hint, { reason: "RETENTION_INVALID" });
