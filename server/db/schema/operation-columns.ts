import { boolean, double, text, varchar } from "drizzle-orm/mysql-core";
import type { ErrorCode } from "../../../shared/codes.ts";
import type { OperationStatus, Phase } from "../../../shared/enums.ts";
import { bytes, instant, word } from "../columns.ts";

/** The columns that every kind of operation has: its life, its progress and its lease. */
export const operationColumns = () => ({
  status: word<OperationStatus>().notNull(),
  createdAt: instant().notNull(),
  startedAt: instant(),
  finishedAt: instant(),
  errorCode: word<ErrorCode>(),
  errorReason: varchar({ length: 60 }),
  errorMessage: text(),
  errorHint: text(),
  phase: word<Phase>().notNull().default("PREPARING"),
  percent: double().notNull().default(0),
  bytesProcessed: bytes().notNull().default(0),
  bytesExpected: bytes(),
  bytesPerSecond: double(),
  etaSeconds: double(),
  currentItem: text(),
  progressAt: instant(),
  cancelRequested: boolean().notNull().default(false),
  /** The process that holds the lease: host, pid and its start time. */
  worker: varchar({ length: 200 }),
  leaseUntil: instant(),
});
