import type { Db } from "../db/client.ts";
import { listPackSharers } from "../db/packs.ts";
import {
  listFindings,
  listFurtherCopies,
  listInUse,
  listRetainable,
  listScheduleRetentions,
  listSizeCaps,
  type RetainableRow,
} from "../db/retention.ts";
import { listStorages } from "../db/storages.ts";
import type { ScheduleId, SourceId, StorageId } from "../domain/ids.ts";
import { countOnce } from "../domain/pack-shares.ts";
import type { RetainedBackup, Retention, Verdict } from "../domain/retention.ts";
import { stillOverCap } from "../domain/retention-caps.ts";
import { applyRetention } from "../domain/retention-rule.ts";
import { explain } from "../domain/retention-words.ts";
import type { SettingValues } from "../domain/settings.ts";

/** Limits to try instead of those that are set. */
export interface PlanRequest {
  /** With `retention`: the schedule whose limits they would be; without it, they would be the global default. */
  readonly scheduleId?: ScheduleId | null;
  readonly retention?: Retention | null;
  /** Instead of every limit by days. */
  readonly days?: number | null;
  /** Shows this source's alone; what becomes of them does not change. */
  readonly sourceId?: SourceId | null;
}

export interface PlannedBackup {
  readonly backup: RetainedBackup & { readonly name: string; readonly source: string };
  readonly verdict: Verdict;
  /** The storages that give up their copy of one that is kept. */
  readonly leaves: readonly { readonly id: StorageId; readonly name: string }[];
  readonly explanation: string;
}

/** What a cleanup would do now, newest first. */
export interface CleanupPlan {
  readonly planned: readonly PlannedBackup[];
  /** Storages that stay over their cap, because what is left there is protected. */
  readonly overCap: readonly { readonly storageId: StorageId; readonly bytes: number }[];
}

interface Dependencies {
  readonly catalog: Db;
  readonly settings: { current(): Promise<SettingValues> };
  readonly now: () => Date;
}

export type CleanupPlans = ReturnType<typeof createCleanupPlans>;

/** The limits that hold where a schedule has none of its own. */
export const defaultRetention = ({ retention, retentionDays }: SettingValues): Retention => ({ ...retention, days: retentionDays });

/** Reads the catalog, a fixed number of queries however much there is, and applies the one rule to it. */
export const createCleanupPlans = ({ catalog, settings, now }: Dependencies) =>
  async function plan(request: PlanRequest = {}): Promise<CleanupPlan> {
    const at = now();
    const [current, rows, findings, inUse, own, caps, further, stores] = await Promise.all([
      settings.current(),
      listRetainable(catalog),
      listFindings(catalog),
      listInUse(catalog, at),
      listScheduleRetentions(catalog),
      listSizeCaps(catalog),
      listFurtherCopies(catalog),
      listStorages(catalog),
    ]);
    // Of what several share, each pack counts for the newest that needs it: that is what the oldest ones free when they go first.
    const sharers = rows.some(({ addedSize }) => addedSize !== null) ? await listPackSharers(catalog, null) : [];
    const counted = countOnce(sharers.toReversed());
    const retentionOf = limitsFor(request, own, defaultRetention(current));
    const backups = rows.map((row) => ({
      ...row,
      storages: [row.storageId, ...(further.get(row.id) ?? [])],
      storedSize: counted.get(row.id) ?? row.storedSize ?? 0,
      good: !findings.get(row.id)?.damaged,
      proven: findings.get(row.id)?.proven ?? false,
      inUse: inUse.has(row.id),
      retention: retentionOf(row),
      group: `${row.scheduleId ?? row.sourceId} ${row.type}`,
    }));
    const { timeZone } = current;
    const verdicts = applyRetention(backups, { now: at, timeZone, caps });
    const goes = new Set(verdicts.filter(({ keep }) => !keep).map(({ id }) => id));
    const [staying, going] = [sharers.filter(({ id }) => !goes.has(id)), sharers.filter(({ id }) => goes.has(id))];
    const frees = countOnce([...staying.toReversed(), ...going.toReversed()]);
    const planned = backups.flatMap((each, index): PlannedBackup[] => {
      const verdict = verdicts[index];
      if (!verdict) return [];
      const backup = { ...each, storedSize: frees.get(each.id) ?? each.storedSize };
      const leaves = verdict.leaves.map((id) => ({ id, name: stores.find((storage) => storage.id === id)?.name ?? id }));
      const view = { source: backup.source, timeZone, leaves: leaves.map(({ name }) => name) };
      return [{ backup, verdict, leaves, explanation: explain(backup, verdict, view) }];
    });
    const kept = planned
      .filter(({ verdict }) => verdict.keep)
      .map(({ backup, verdict }) => ({ ...backup, storages: backup.storages.filter((id) => !verdict.leaves.includes(id)) }));
    return {
      planned: planned
        .filter(({ backup }) => !request.sourceId || backup.sourceId === request.sourceId)
        .sort((a, b) => b.backup.createdAt.getTime() - a.backup.createdAt.getTime()),
      overCap: stillOverCap(kept, caps),
    };
  };

/** Which limits a backup is judged by: its schedule's own or the global default, with what is to be tried in their place. */
function limitsFor({ scheduleId, retention, days }: PlanRequest, own: ReadonlyMap<ScheduleId, Retention>, global: Retention) {
  const usual = scheduleId || !retention ? global : retention;
  const tried = scheduleId && retention ? new Map([...own, [scheduleId, retention]]) : own;
  return (row: Pick<RetainableRow, "scheduleId">): Retention => {
    const limits = (row.scheduleId && tried.get(row.scheduleId)) || usual;
    return days ? { ...limits, days } : limits;
  };
}
