import { formatCount } from "../../shared/format.ts";
import type { RetainedBackup, Retention, Verdict } from "./retention.ts";
import { expiryOf } from "./retention-rule.ts";

/** Says in a sentence why a backup stays or goes. `source` is its source's name, `timeZone` the one that the rule counted in,
 * `leaves` the names of the storages that give up their copy. */
export function explain(
  backup: RetainedBackup,
  verdict: Verdict,
  view: { source: string; timeZone: string; leaves: readonly string[] },
): string {
  const { leaves } = view;
  const copies =
    leaves.length > 0 ? ` Its copy on ${leaves.join(" and ")} goes: that is over its cap, and the backup lies elsewhere too.` : "";
  return `${fate(backup, verdict, view)}${copies}`;
}

function fate(backup: RetainedBackup, verdict: Verdict, { source, timeZone }: { source: string; timeZone: string }): string {
  const { retention, good } = backup;
  const [reason] = verdict.reasons;
  if (!verdict.keep) return reason === "SIZE_CAP" ? "Goes: its storage is over its cap, and nothing protects it." : gone(retention, good);
  if (reason === undefined) return kept(backup);
  if (reason === "DAYS") return `Kept until ${dayOf(expiryOf(backup), timeZone)}: ${formatCount(retention.days ?? 0, "day")}.`;
  const phrases = verdict.reasons.map((each) => {
    switch (each) {
      case "PINNED":
        return "it is pinned";
      case "IN_USE":
        return "a restore, a verification, a copy or a download needs it";
      case "NEWEST_GOOD":
        return `the newest good backup of ${source}${backup.type === "FULL" ? "" : ` with its ${backup.type.toLowerCase()}`}`;
      case "NEWEST_PROVEN":
        return `the newest backup of ${source} that a drill has restored`;
      case "KEEP_LAST":
        return `one of the last ${retention.keepLast}`;
      case "DAYS":
        return `${formatCount(retention.days ?? 0, "day")}, until ${dayOf(expiryOf(backup), timeZone)}`;
      case "DAILY":
        return `the newest of its day, of ${formatCount(retention.keepDaily ?? 0, "day")}`;
      case "WEEKLY":
        return `the newest of its week, of ${formatCount(retention.keepWeekly ?? 0, "week")}`;
      case "MONTHLY":
        return `the newest of its month, of ${formatCount(retention.keepMonthly ?? 0, "month")}`;
      case "YEARLY":
        return `the newest of its year, of ${formatCount(retention.keepYearly ?? 0, "year")}`;
      case "EXPIRED":
      case "SIZE_CAP":
        return "";
      default:
        throw each satisfies never;
    }
  });
  return `Kept: ${phrases.join("; ")}.`;
}

function gone({ days }: Retention, good: boolean): string {
  const age = days === null ? null : `older than ${formatCount(days, "day")}`;
  if (!good) return `Goes: found damaged, and ${age ?? "no limit keeps it"}.`;
  return age ? `Goes: ${age}, and no other limit keeps it.` : "Goes: no limit keeps it.";
}

/** Why a backup stays that no limit and no protection names. */
const kept = ({ good, retention }: RetainedBackup): string => {
  if (good) return "Kept: no limit is set, so nothing goes.";
  return retention.days === null
    ? "Kept: found damaged; limits by number do not count it, and there is none by days. Delete it by hand when it is of no use."
    : "Kept: found damaged, but no good backup since then holds the same.";
};

const dayOf = (instant: Date, timeZone: string) =>
  instant.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone });
