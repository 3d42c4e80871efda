import type { RetentionReason } from "../../shared/enums.ts";
import type { BackupId } from "./ids.ts";
import type { RetainedBackup } from "./retention.ts";

/** Which backups stay whatever the limits, and why. */
export interface Protections {
  readonly reasons: Map<BackupId, RetentionReason[]>;
  /** Found damaged, but nothing good and newer holds what they were to hold: what can be saved of them may be all there is. */
  readonly lastHope: ReadonlySet<BackupId>;
}

const parts = ["DATABASE", "MEDIA"] as const;

/** Of backups that come newest first. */
export function protectionsOf(newestFirst: readonly RetainedBackup[]): Protections {
  const reasons = new Map<BackupId, RetentionReason[]>();
  const lastHope = new Set<BackupId>();
  const covered = new Set<string>();
  const proven = new Set<string>();
  for (const backup of newestFirst) {
    const { id, sourceId, good } = backup;
    const wanted = parts.filter((part) => covers(backup, part) && !covered.has(`${sourceId} ${part}`));
    if (!good && wanted.length > 0) lastHope.add(id);
    const own: RetentionReason[] = [];
    if (backup.pinned) own.push("PINNED");
    if (backup.inUse) own.push("IN_USE");
    if (good && wanted.length > 0) own.push("NEWEST_GOOD");
    if (good && backup.proven && !proven.has(sourceId)) own.push("NEWEST_PROVEN");
    if (own.length > 0) reasons.set(id, own);
    if (!good) continue;
    for (const part of wanted) covered.add(`${sourceId} ${part}`);
    if (backup.proven) proven.add(sourceId);
  }
  return { reasons, lastHope };
}

/** Of each source the newest good one with its database, and the newest good one with its media. */
export function newestGoodOf(newestFirst: readonly RetainedBackup[]): ReadonlySet<BackupId> {
  const newest = new Set<BackupId>();
  const covered = new Set<string>();
  for (const backup of newestFirst) {
    const wanted = backup.good ? parts.filter((part) => covers(backup, part) && !covered.has(`${backup.sourceId} ${part}`)) : [];
    if (wanted.length > 0) newest.add(backup.id);
    for (const part of wanted) covered.add(`${backup.sourceId} ${part}`);
  }
  return newest;
}

const covers = ({ type }: RetainedBackup, part: (typeof parts)[number]) => type === "FULL" || type === part;
