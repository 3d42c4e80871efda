import { formatBytes, formatDuration } from "../../shared/format.ts";
import type { ProgressPartsFragment } from "../graphql/generated.ts";

/** What is said beside the bar; each piece is null while it is not known. */
export interface ProgressFacts {
  readonly amount: string;
  readonly rate: string | null;
  readonly remaining: string | null;
  readonly item: string | null;
}

type Facts = Pick<ProgressPartsFragment, "phase" | "bytesProcessed" | "bytesExpected" | "bytesPerSecond" | "etaSeconds" | "currentItem">;

/** "312 MB of about 1.12 GB", "62.0 MB/s", "about 13 s left", "table order_items". An expectation that was passed is left out. */
export function progressFacts(progress: Facts): ProgressFacts {
  const { phase, bytesProcessed, bytesExpected, bytesPerSecond, etaSeconds, currentItem } = progress;
  const expected = bytesExpected !== null && bytesExpected >= bytesProcessed && bytesExpected > 0;
  return {
    amount: expected ? `${formatBytes(bytesProcessed)} of about ${formatBytes(bytesExpected)}` : formatBytes(bytesProcessed),
    rate: bytesPerSecond ? `${formatBytes(bytesPerSecond)}/s` : null,
    remaining: etaSeconds === null || !expected ? null : `about ${formatDuration(Math.max(1, Math.round(etaSeconds)))} left`,
    item: currentItem === null ? null : phase === "DATABASE" && !currentItem.includes(" ") ? `table ${currentItem}` : currentItem,
  };
}

/** Whole percent for a person: 99.7 is still 99, and 100 is said only of what is completed. */
export const wholePercent = (percent: number): number => Math.max(0, Math.min(100, Math.floor(percent)));

/** What a screen reader is told: changes once in ten percent or with the phase, so that it is not chatty. */
export function spokenProgress(phase: string, percent: number | null): string {
  return percent === null ? phase : `${phase}, ${Math.floor(percent / 10) * 10} percent`;
}

/** Points of a small throughput line in a box of `width` by `height`, the newest at the right. */
export function sparkline(rates: readonly number[], width: number, height: number): string {
  const top = Math.max(...rates, 1);
  const step = rates.length > 1 ? width / (rates.length - 1) : 0;
  return rates.map((rate, index) => `${(index * step).toFixed(1)},${(height - 1 - (rate / top) * (height - 2)).toFixed(1)}`).join(" ");
}
