import { type RetentionReason, retentionReasons } from "../../shared/enums.ts";
import type { RetainedBackup, Retention, RetentionView, Verdict } from "./retention.ts";
import { takenByCaps } from "./retention-caps.ts";
import { createPeriods, type Period } from "./retention-periods.ts";
import { protectionsOf } from "./retention-protection.ts";

/**
 * What becomes of each backup, in the order given. Every limit that is set keeps; a backup goes when none keeps it. A limit by
 * number keeps the newest good backup of each of the last N days (ISO weeks, months, years) *that have one*, however long ago
 * they are, so failing for a year ages nothing away; where no limit is set everything stays. Whatever the limits, these stay:
 * pinned ones, those in use, and of each source the newest good one of each part and the newest proven one. Then a storage over
 * its cap gives the oldest of its unprotected ones, those found damaged first: only its copy, where another storage has it too.
 */
export function applyRetention(backups: readonly RetainedBackup[], { now, timeZone, caps }: RetentionView): Verdict[] {
  const newestFirst = backups.toSorted(newerFirst);
  const { reasons: kept, lastHope } = protectionsOf(newestFirst);
  const secured = new Set([...kept.keys(), ...lastHope]);
  const keep = ({ id }: RetainedBackup, reason: RetentionReason) => kept.set(id, [...(kept.get(id) ?? []), reason]);
  const periodsOf = createPeriods(timeZone);
  for (const members of Map.groupBy(newestFirst, ({ group }) => group).values())
    keepByNumber(
      members.filter(({ good }) => good),
      periodsOf,
      keep,
    );
  for (const backup of backups) if (expiryOf(backup) > now) keep(backup, "DAYS");

  const expired = ({ id, good, retention }: RetainedBackup) =>
    !kept.has(id) && !lastHope.has(id) && (good ? hasLimit(retention) : retention.days !== null);
  const capped = takenByCaps(
    newestFirst.filter((backup) => !expired(backup)),
    secured,
    caps,
  );
  return backups.map((backup) => {
    const { id } = backup;
    if (expired(backup)) return { id, keep: false, reasons: ["EXPIRED"], expiresAt: null, leaves: [] };
    if (capped.backups.has(id)) return { id, keep: false, reasons: ["SIZE_CAP"], expiresAt: null, leaves: [] };
    const reasons = (kept.get(id) ?? []).toSorted((a, b) => retentionReasons.indexOf(a) - retentionReasons.indexOf(b));
    const dated = reasons.includes("DAYS") && !backup.pinned;
    return { id, keep: true, reasons, expiresAt: dated ? expiryOf(backup) : null, leaves: capped.copies.get(id) ?? [] };
  });
}

/** When the limit by days lets a backup of that age go; the beginning of time where there is none. */
export const expiryOf = ({ createdAt, retention }: Pick<RetainedBackup, "createdAt" | "retention">): Date =>
  retention.days === null ? new Date(0) : new Date(createdAt.getTime() + retention.days * 86_400_000);

/** Newest first; of one instant, in the order of their ids. */
export const newerFirst = (a: RetainedBackup, b: RetainedBackup): number =>
  b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1);

const hasLimit = (retention: Retention) => Object.values(retention).some((limit) => limit !== null);

const periods: readonly (readonly [Period, RetentionReason])[] = [
  ["keepDaily", "DAILY"],
  ["keepWeekly", "WEEKLY"],
  ["keepMonthly", "MONTHLY"],
  ["keepYearly", "YEARLY"],
];

/** Names what the limits by number keep of one group's good backups, newest first. */
function keepByNumber(
  members: readonly RetainedBackup[],
  periodsOf: ReturnType<typeof createPeriods>,
  keep: (backup: RetainedBackup, reason: RetentionReason) => void,
): void {
  const seen: Record<Period, Set<string>> = { keepDaily: new Set(), keepWeekly: new Set(), keepMonthly: new Set(), keepYearly: new Set() };
  for (const [index, backup] of members.entries()) {
    if (index < (backup.retention.keepLast ?? 0)) keep(backup, "KEEP_LAST");
    const names = periodsOf(backup.createdAt);
    for (const [period, reason] of periods) {
      const limit = backup.retention[period] ?? 0;
      if (seen[period].size >= limit || seen[period].has(names[period])) continue;
      seen[period].add(names[period]);
      keep(backup, reason);
    }
  }
}
