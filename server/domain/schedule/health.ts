import type { ScheduleHealth } from "../../../shared/enums.ts";

/** What health needs of a schedule. */
interface ScheduleLife {
  readonly active: boolean;
  readonly nextRunAt: Date | null;
}

/** The newest run that tells how a schedule fares: one that completed or failed, that was missed, or that tries again. */
export type Outcome = "COMPLETED" | "FAILED" | "RETRYING" | "MISSED";

/** A due time that nobody has taken up for so long was missed: no worker runs. */
const late = 10 * 60_000;

/** How a schedule fares. WAITING: none of its runs has ended yet. */
export function healthOf({ active, nextRunAt }: ScheduleLife, outcome: Outcome | null, now: Date): ScheduleHealth {
  if (!active) return "PAUSED";
  if (nextRunAt && now.getTime() - nextRunAt.getTime() > late) return "MISSED";
  switch (outcome) {
    case null:
      return "WAITING";
    case "COMPLETED":
      return "GOOD";
    case "MISSED":
      return "MISSED";
    case "FAILED":
    case "RETRYING":
      return "FAILING";
    default:
      throw outcome satisfies never;
  }
}
