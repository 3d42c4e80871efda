import { findBackups, findManifests } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { findCopiesOf } from "../db/copies.ts";
import { lastDeliveries } from "../db/deliveries.ts";
import { listDownloading } from "../db/downloads.ts";
import { findRestores } from "../db/restores.ts";
import { listRunsOf } from "../db/schedule-runs.ts";
import { findSchedules, newestBackupsOf } from "../db/schedules.ts";
import { findSources } from "../db/sources.ts";
import { listStorages } from "../db/storages.ts";
import { findProofs, findReports, findVerifications, listVerificationsOf } from "../db/verifications.ts";
import type { BackupId, ChannelId, RestoreId, ScheduleId, SourceId, VerificationId } from "../domain/ids.ts";
import type { Cleanups } from "./cleanups.ts";
import { firstOf } from "./paging.ts";
import type { Schedules } from "./schedules.ts";
import type { Storages } from "./storages.ts";

export type Reads = ReturnType<typeof createReads>;

/** Reads of many by id, for callers that were already allowed to read what names them. */
export const createReads = (
  catalog: Db,
  storages: Storages,
  schedules: Schedules,
  cleanups: Pick<Cleanups, "expiries">,
  now: () => Date,
) => ({
  expiries: cleanups.expiries,
  sources: (ids: readonly SourceId[]) => findSources(catalog, ids),
  backups: (ids: readonly BackupId[]) => findBackups(catalog, ids),
  downloading: (ids: readonly BackupId[]) => listDownloading(catalog, ids, now()),
  manifests: (ids: readonly BackupId[]) => findManifests(catalog, ids),
  copiesOf: (ids: readonly BackupId[]) => findCopiesOf(catalog, ids),
  verificationsOf: (ids: readonly BackupId[]) => listVerificationsOf(catalog, ids),
  reports: (ids: readonly VerificationId[]) => findReports(catalog, ids),
  lastDeliveries: (ids: readonly ChannelId[]) => lastDeliveries(catalog, ids),
  proofs: (ids: readonly SourceId[]) => findProofs(catalog, ids),
  restores: (ids: readonly RestoreId[]) => findRestores(catalog, ids),
  verifications: (ids: readonly VerificationId[]) => findVerifications(catalog, ids),
  runsOf: (ids: readonly ScheduleId[], first: number) => listRunsOf(catalog, ids, firstOf(first)),
  schedules: async (ids: readonly ScheduleId[]) => schedules.describe(await findSchedules(catalog, ids)),
  scheduleHealths: schedules.healths,
  newestBackupsOf: (ids: readonly ScheduleId[]) => newestBackupsOf(catalog, ids),
  storages: async () => storages.describe(await listStorages(catalog)),
});
