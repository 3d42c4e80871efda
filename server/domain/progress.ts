import type { OperationKind, OperationStatus, Phase } from "../../shared/enums.ts";
import type { OperationId } from "./ids.ts";
import type { LoadNow } from "./source-load.ts";

/** How far an operation is, as everybody sees it. Sizes are uncompressed bytes, rates bytes per second. */
export interface Progress {
  readonly operationId: OperationId;
  readonly kind: OperationKind;
  readonly status: OperationStatus;
  readonly phase: Phase;
  /** 0 to 100; never falls; 100 only when COMPLETED. */
  readonly percent: number;
  readonly bytesProcessed: number;
  /** Null when unknown: never invented. */
  readonly bytesExpected: number | null;
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly currentItem: string | null;
  /** Of the source's server; null while nobody asks it. Never stored. */
  readonly load: LoadNow | null;
  readonly at: Date;
}

/** What a flow reports; everything else is derived from it. */
export interface Report {
  readonly phase: Phase;
  readonly bytesProcessed: number;
  readonly bytesExpected: number | null;
  readonly currentItem: string | null;
  readonly load?: LoadNow | null;
}

/** The first progress of an operation that waits or begins. */
export const initialProgress = (operationId: OperationId, kind: OperationKind, status: OperationStatus, at: Date): Progress => ({
  operationId,
  kind,
  status,
  phase: "PREPARING",
  percent: 0,
  bytesProcessed: 0,
  bytesExpected: null,
  bytesPerSecond: null,
  etaSeconds: null,
  currentItem: null,
  load: null,
  at,
});

/** An unfinished operation never shows more than this, however good its estimate looked. */
const almost = 99;
/** The rate is smoothed over about this many seconds, so that it reads calmly and still follows the work. */
const smoothing = 5;

/** The progress after `report` at `now`: percent and bytes never fall, and an estimate that proved too small gives way. */
export function advance(last: Progress, report: Report, now: Date): Progress {
  const bytesProcessed = Math.max(last.bytesProcessed, report.bytesProcessed);
  const bytesExpected = report.bytesExpected === null ? null : Math.max(report.bytesExpected, bytesProcessed);
  const share = bytesExpected ? (100 * bytesProcessed) / bytesExpected : 0;
  const bytesPerSecond = smoothedRate(last, bytesProcessed, now);
  return {
    ...last,
    phase: report.phase,
    percent: Math.max(last.percent, Math.min(almost, share)),
    bytesProcessed,
    bytesExpected,
    bytesPerSecond,
    etaSeconds: bytesExpected !== null && bytesPerSecond ? (bytesExpected - bytesProcessed) / bytesPerSecond : null,
    currentItem: report.currentItem,
    load: report.load ?? null,
    at: now,
  };
}

function smoothedRate(last: Progress, bytesProcessed: number, now: Date): number | null {
  const seconds = (now.getTime() - last.at.getTime()) / 1000;
  if (seconds <= 0) return last.bytesPerSecond;
  const rate = (bytesProcessed - last.bytesProcessed) / seconds;
  if (last.bytesPerSecond === null) return rate > 0 ? rate : null;
  const weight = 1 - Math.exp(-seconds / smoothing);
  return last.bytesPerSecond + weight * (rate - last.bytesPerSecond);
}

/** The last progress of an operation: 100 percent exactly when it completed. */
export const conclude = (last: Progress, status: OperationStatus, now: Date): Progress => ({
  ...last,
  status,
  phase: status === "COMPLETED" ? "FINISHING" : last.phase,
  percent: status === "COMPLETED" ? 100 : last.percent,
  etaSeconds: status === "COMPLETED" ? 0 : null,
  currentItem: null,
  load: null,
  at: now,
});
