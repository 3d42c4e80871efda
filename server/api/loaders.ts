import DataLoader from "dataloader";
import type { BackupId, ChannelId, RestoreId, ScheduleId, SourceId, StorageId, VerificationId } from "../domain/ids.ts";
import type { Reads } from "../services/reads.ts";
import type { ScheduleRunRow } from "../services/schedule-runs.ts";

export type Loaders = ReturnType<typeof createLoaders>;

/** One request's loaders: each noun is read once for all the fields that want it. */
export const createLoaders = (reads: Reads) => ({
  source: byId(reads.sources, (row: { id: SourceId }) => row.id),
  storage: byId(reads.storages, (row: { id: StorageId }) => row.id),
  backup: byId(reads.backups, (row: { id: BackupId }) => row.id),
  downloading: byId(reads.downloading, (row: { id: BackupId }) => row.id),
  manifest: byId(reads.manifests, (row: { backupId: BackupId }) => row.backupId),
  copiesOf: listById(reads.copiesOf, (row: { backupId: BackupId }) => row.backupId),
  verificationsOf: listById(reads.verificationsOf, (row: { backupId: BackupId }) => row.backupId),
  report: byId(reads.reports, (row: { id: VerificationId }) => row.id),
  restore: byId(reads.restores, (row: { id: RestoreId }) => row.id),
  verification: byId(reads.verifications, (row: { id: VerificationId }) => row.id),
  runsOf: runsOf(reads.runsOf),
  schedule: byId(reads.schedules, (row: { id: ScheduleId }) => row.id),
  scheduleHealth: byId(reads.scheduleHealths, (row: { id: ScheduleId }) => row.id),
  newestBackupOf: byId(reads.newestBackupsOf, (row: { scheduleId: ScheduleId }) => row.scheduleId),
  lastDelivery: byId(reads.lastDeliveries, (row: { channelId: ChannelId }) => row.channelId),
  expiry: byId(reads.expiries, (row: { id: BackupId }) => row.id),
  proof: byId(reads.proofs, (row: { sourceId: SourceId }) => row.sourceId),
});

/** Nothing is kept from one batch to the next: a subscription's context lives on while the rows change. */
const uncached = { cache: false } as const;

const byId = <Id extends string, Row>(read: (ids: readonly Id[]) => Promise<readonly Row[]>, idOf: (row: Row) => Id) =>
  new DataLoader<Id, Row | null>(async (ids) => {
    const rows = new Map((await read([...new Set(ids)])).map((row) => [idOf(row), row]));
    return ids.map((id) => rows.get(id) ?? null);
  }, uncached);

/** The newest runs of each schedule, as many as its field asks for; fields of one query mostly ask for the same. */
const runsOf = (read: Reads["runsOf"]) =>
  new DataLoader<{ readonly id: ScheduleId; readonly first: number }, readonly ScheduleRunRow[]>(async (keys) => {
    const most = Math.max(...keys.map(({ first }) => first));
    const rows = Map.groupBy(await read([...new Set(keys.map(({ id }) => id))], most), ({ scheduleId }) => scheduleId);
    return keys.map(({ id, first }) => (rows.get(id) ?? []).slice(0, first));
  }, uncached);

/** All rows of each id, in the order in which they were read. */
const listById = <Id extends string, Row>(read: (ids: readonly Id[]) => Promise<readonly Row[]>, idOf: (row: Row) => Id) =>
  new DataLoader<Id, readonly Row[]>(async (ids) => {
    const rows = Map.groupBy(await read([...new Set(ids)]), idOf);
    return ids.map((id) => rows.get(id) ?? []);
  }, uncached);
