import { isDeepStrictEqual } from "node:util";
import { limits } from "../../shared/limits.ts";
import type { Db } from "../db/client.ts";
import { refreshCopyWarnings } from "../db/copies.ts";
import { isDuplicate } from "../db/deadlock.ts";
import { adoptLabels } from "../db/labels.ts";
import * as db from "../db/rebuild.ts";
import type { BackupId, ScheduleId, StorageId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import { isFinal } from "../domain/operation.ts";
import type { FoundBackup, FoundFolder } from "../engine/stored-folders.ts";
import { adoptedRow, tooLong } from "./rebuild-row.ts";
import type { RebuildSources, ToldSource } from "./rebuild-sources.ts";
import type { Tally } from "./rebuild-tally.ts";
import type { Signing } from "./signing.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly signing: Pick<Signing, "judgeLabels" | "judgeManifest">;
}

/** One reading of one storage. */
export interface RebuildRun {
  readonly storageId: StorageId;
  readonly dryRun: boolean;
  readonly adoptForeign: boolean;
  /** Whether the catalog's own Holdfast had carried out a backup before. */
  readonly ownHistory: boolean;
  readonly sources: RebuildSources;
  readonly tally: Tally;
}

/** A backup whose manifest and labels may be believed. */
interface Candidate extends FoundBackup {
  readonly id: BackupId;
  readonly told: ToldSource;
  /** Another Holdfast's, and nobody asked for those. */
  readonly leftAlone: boolean;
}

/** Decides of what was found on a storage what the catalog takes over, and writes that. */
export function createRebuildAdoption({ catalog, signing }: Dependencies) {
  /** Whose it is; null when nothing more is to be done with it, and the tally says why. */
  async function judged(found: FoundBackup, { tally, ownHistory, sources, adoptForeign }: RebuildRun): Promise<Candidate | null> {
    const { manifest, folder } = found;
    const problem = tooLong(manifest, folder);
    const authenticity = await signing.judgeManifest(found.text, folder);
    if (problem !== null || authenticity === "ALTERED") {
      tally.problem(folder, problem ?? "Its manifest is not what Holdfast wrote: it was altered, or belongs to another backup.");
      return null;
    }
    const told = { source: manifest.source, folder, foreign: authenticity === "FOREIGN" };
    // Of those that nobody signed, ours are of sources that we know; an empty catalog knows none, so there all may be ours.
    const foreign = told.foreign || (authenticity === "UNSIGNED" && ownHistory && !sources.knows(told));
    tally.add("found");
    const labels = await believedLabels(found, authenticity, tally);
    return { ...found, labels, told, id: manifest.id as BackupId, leftAlone: foreign && !adoptForeign };
  }

  async function believedLabels({ folder, labels }: FoundBackup, authenticity: string, tally: Tally): Promise<FoundBackup["labels"]> {
    const none = (problem: string | null) => {
      if (problem !== null) tally.problem(folder, problem);
      return { labels: null, problem };
    };
    if (!labels.labels) return none(labels.problem);
    const its = await signing.judgeLabels(labels.labels);
    const { name, description } = labels.labels;
    const fits = name.trim() !== "" && name.length <= limits.nameLength && (description?.length ?? 0) <= limits.descriptionLength;
    return fits && (its === "AUTHENTIC" || its === authenticity)
      ? labels
      : none("Its labels are not what Holdfast wrote; they were passed over.");
  }

  /** What the catalog knows already: a further copy of it, or newer labels, are taken over. */
  async function meet(found: Candidate, known: db.KnownBackup, { storageId, dryRun, tally }: RebuildRun): Promise<boolean> {
    const { id, folder, manifest, labels } = found;
    const version = labels.labels?.version ?? 0;
    if (known.folder !== folder || !sameFiles(known.artifacts, manifest)) {
      if (isFinal(known.status))
        tally.problem(folder, `It has the id of ${known.name}, which lies in ${known.folder}, and is not the same.`);
      return false;
    }
    if (known.deletedAt === null && known.status !== "COMPLETED" && isFinal(known.status)) {
      tally.problem(folder, `The catalog says that ${known.name} did not complete, and yet it lies here whole.`);
      return false;
    }
    // Being deleted, or still being taken: that goes its own way.
    const settled = known.deletedAt === null && known.status === "COMPLETED" && known.copy !== "DELETING";
    const further = settled && known.copy !== "STORED";
    tally.add(further ? "copies" : "known");
    if (dryRun || !settled) return false;
    if (further) {
      await db.insertFoundCopy(catalog, id, storageId, new Date(manifest.finishedAt), version);
      await refreshCopyWarnings(catalog, id);
    } else await db.noteFoundLabels(catalog, id, storageId, version);
    const renamed = labels.labels !== null && (await adoptLabels(catalog, id, labels.labels, version));
    return further || renamed;
  }

  async function adopt(found: readonly Candidate[], { storageId, sources, tally, dryRun }: RebuildRun): Promise<BackupId[]> {
    const named = found.flatMap(({ manifest }) => (manifest.schedule ? [manifest.schedule.id as ScheduleId] : []));
    const schedules = await db.schedulesAmong(catalog, named);
    const rows: db.AdoptedBackup[] = [];
    for (const { id, folder, manifest, labels, told } of found) {
      const sourceId = await sources.of(told);
      const scheduleId = schedules.has(manifest.schedule?.id as ScheduleId) ? (manifest.schedule?.id as ScheduleId) : null;
      rows.push(adoptedRow({ id, folder, manifest, labels: labels.labels, sourceId, scheduleId, storageId }));
    }
    const adopted = dryRun ? rows : await written(rows);
    for (const { row } of rows) tally.add(adopted.some((one) => one.row.id === row.id) ? "adopted" : "known");
    return dryRun ? [] : adopted.map(({ row }) => row.id);
  }

  /** All at once; one by one where somebody else was quicker with one of them. */
  async function written(rows: readonly db.AdoptedBackup[]): Promise<readonly db.AdoptedBackup[]> {
    try {
      if (rows.length > 0) await db.insertAdopted(catalog, rows);
      return rows;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      if (rows.length === 1) return [];
      return (await Promise.all(rows.map((row) => written([row])))).flat();
    }
  }

  return {
    /** Takes over what a batch of folders holds; the ids of the backups that are new or changed in the catalog. */
    async take(folders: readonly FoundFolder[], run: RebuildRun): Promise<BackupId[]> {
      const candidates: Candidate[] = [];
      for (const found of folders) {
        if (found.kind === "problem") run.tally.problem(found.folder, found.message);
        else if (found.kind === "backup") candidates.push(...[await judged(found, run)].filter((one) => one !== null));
        else if (!(await db.isFolderKnown(catalog, found.folder)))
          run.tally.problem(
            found.folder,
            "It has no manifest: a backup that was not finished, is being taken just now, or whose deletion was cut short.",
          );
      }
      if (candidates.length === 0) return [];
      const ids = candidates.map(({ id }) => id);
      const known = new Map((await db.findKnown(catalog, ids, run.storageId)).map((row) => [row.id, row]));
      const deleted = await db.findDeleted(catalog, ids);
      const fresh = new Map<BackupId, Candidate>();
      const changed: BackupId[] = [];
      for (const candidate of candidates) {
        const { id, folder, manifest } = candidate;
        const [row, removedAt, twin] = [known.get(id), deleted.get(id), fresh.get(id)];
        if (row) changed.push(...((await meet(candidate, row, run)) ? [id] : []));
        else if (removedAt)
          run.tally.problem(folder, `${manifest.name} was deleted on ${removedAt.toISOString().slice(0, 10)}, and lies here again.`);
        else if (twin) run.tally.problem(folder, `It has the id of the backup in ${twin.folder}.`);
        else if (candidate.leftAlone) run.tally.foreign(foreignOf(candidate));
        else fresh.set(id, candidate);
      }
      return [...changed, ...(await adopt([...fresh.values()], run))];
    },
  };
}

const foreignOf = ({ folder, manifest }: FoundBackup) => ({
  ...{ folder, name: manifest.name, source: manifest.source.name },
  keyId: manifest.authentication?.keyId ?? null,
});

/** Whether both name the same stored files. */
const sameFiles = (artifacts: Manifest["artifacts"], manifest: Manifest): boolean =>
  isDeepStrictEqual(artifacts.map(identity).sort(), manifest.artifacts.map(identity).sort());
const identity = ({ name, storedSize, sha256 }: Manifest["artifacts"][number]) => `${name} ${storedSize} ${sha256}`;
