/** When a source's newest good backups were made, of what it has. */
export interface Goodness {
  readonly database: Date | null;
  readonly media: Date | null;
}

/** The oldest of the newest good backups, over the parts that have ever been backed up; null when nothing has. */
export function lastGoodOf({ database, media }: Goodness): Date | null {
  const known = [database, media].filter((each) => each !== null);
  return known.length > 0 ? new Date(Math.min(...known.map((each) => each.getTime()))) : null;
}

/**
 * Whether the newest good backup is older than it may be. A source without any is measured from when it was added. Where only the
 * global target counts, a source keeps to it as long as its schedules do: a weekly one is not overdue each day of the week.
 */
export function isOverdue(
  {
    lastGoodAt,
    addedAt,
    ownTargetHours,
    targetHours,
    schedules,
  }: {
    readonly lastGoodAt: Date | null;
    readonly addedAt: Date;
    readonly ownTargetHours: number | null;
    readonly targetHours: number | null;
    /** The source's active backup schedules. */
    readonly schedules: readonly { readonly nextRunAt: Date | null; readonly lastRunAt: Date | null }[];
  },
  now: Date,
): boolean {
  const hours = ownTargetHours ?? targetHours;
  if (hours === null) return false;
  if (now.getTime() - (lastGoodAt ?? addedAt).getTime() <= hours * 3_600_000) return false;
  if (ownTargetHours !== null || lastGoodAt === null) return true;
  return !schedules.some(
    ({ nextRunAt, lastRunAt }) => nextRunAt !== null && nextRunAt > now && lastRunAt !== null && lastGoodAt >= lastRunAt,
  );
}
