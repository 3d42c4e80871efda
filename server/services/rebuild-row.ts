import { limits } from "../../shared/limits.ts";
import type { AdoptedBackup } from "../db/rebuild.ts";
import type { BackupId, ScheduleId, SourceId, StorageId } from "../domain/ids.ts";
import type { Labels } from "../domain/labels.ts";
import type { Manifest } from "../domain/manifest.ts";
import { sizesOf } from "../domain/manifest-sizes.ts";
import { warningsOf } from "../domain/warnings.ts";

interface Adopted {
  readonly id: BackupId;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly labels: Labels | null;
  readonly sourceId: SourceId;
  readonly scheduleId: ScheduleId | null;
  readonly storageId: StorageId;
}

/** The catalog's row of a backup as its manifest and its labels tell it. */
export function adoptedRow({ id, folder, manifest, labels, sourceId, scheduleId, storageId }: Adopted): AdoptedBackup {
  const { size, storedSize, addedSize } = sizesOf(manifest);
  const finishedAt = new Date(manifest.finishedAt);
  return {
    manifest,
    storedAt: finishedAt,
    row: {
      ...{ id, folder, sourceId, scheduleId, storageId, status: "COMPLETED" },
      ...{ name: labels?.name ?? manifest.name, description: labels ? labels.description : manifest.description },
      ...{ pinned: labels?.pinned ?? false, labelsVersion: labels?.version ?? 0 },
      ...{ type: manifest.type, trigger: manifest.trigger, actor: manifest.actor ?? "unknown" },
      // Nobody reads the level again; the storage does not know it.
      ...{ compression: manifest.compression, compressionLevel: 0, excludeLogs: manifest.excludeLogs },
      ...{ encrypted: manifest.encrypted, keyId: manifest.encryption?.keyId ?? null },
      ...{ artifacts: manifest.artifacts, size, storedSize, addedSize, countedSize: addedSize, warnings: warningsOf(manifest) },
      ...{ mediaMode: addedSize === null ? "ARCHIVE" : "INCREMENTAL", engineUsed: manifest.database?.engine ?? null },
      ...{ createdAt: new Date(manifest.createdAt), startedAt: new Date(manifest.startedAt), finishedAt },
      ...{ phase: "FINISHING", percent: 100, bytesProcessed: size, bytesExpected: size, progressAt: finishedAt },
    },
  };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const longestText = 255;

/** Why the catalog cannot hold what a manifest says, as a sentence; null when it can. Ours always fit. */
export function tooLong({ name, description, actor, source }: Manifest, folder: string): string | null {
  const { host = "", user = "", database = "" } = source.database ?? {};
  const fits =
    uuid.test(source.id) &&
    [name, source.name].every((text) => text !== "" && text.length <= limits.nameLength) &&
    (description?.length ?? 0) <= limits.descriptionLength &&
    [actor ?? "", host, user, database, folder].every((text) => text.length <= longestText) &&
    (source.database?.socketPath?.length ?? 0) <= 512;
  return fits ? null : "Its manifest names what Holdfast never wrote: an id that is none, or a name that is too long.";
}
