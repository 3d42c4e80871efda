import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Phase } from "../../shared/enums.ts";
import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { Connection } from "../domain/connection.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { Artifact, Manifest, Part } from "../domain/manifest.ts";
import type { Report } from "../domain/progress.ts";
import type { RestoreJournal, RestoreResult } from "../domain/restore.ts";
import { loadInPlace } from "./database/load.ts";
import { discardScratch, stageDatabase } from "./database/scratch.ts";
import { type DatabaseSwapPlan, finishDatabase, rollbackDatabase, swapDatabase } from "./database/swap.ts";
import { discardMedia, loadMediaInPlace, stageMedia } from "./media/stage.ts";
import { finishMedia, type MediaSwapPlan, rollbackMedia, swapMedia } from "./media/swap.ts";
import { Meter } from "./meter.ts";
import type { ClientTools, PartProgress, Running } from "./part.ts";
import type { Storage } from "./storage/storage.ts";

/** Where a restore puts its parts; null for a part that is left alone. */
export interface RestoreTarget {
  readonly database: { readonly connection: Connection; readonly tools: ClientTools } | null;
  /** Each folder of the archive and the media folder that it replaces. */
  readonly media: readonly { readonly path: string; readonly prefix: string }[] | null;
}

export interface RestorePlan {
  readonly restoreId: string;
  readonly storage: Storage;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly target: RestoreTarget;
  /** Writes down what a crash would leave to put right; durable when it resolves. */
  journal(journal: RestoreJournal | null): Promise<void>;
  readonly now: () => Date;
}

export interface RestoreWork extends Running {
  report(report: Report): void;
}

/** Bytes done before this flow (a pre-restore backup), and all that are expected. */
export interface RestoreBytes {
  readonly before: number;
  readonly expected: number;
}

/** The artifacts that a restore of this target reads. */
export const artifactsFor = (manifest: Manifest, target: RestoreTarget): readonly Artifact[] =>
  manifest.artifacts.filter(({ part }) => (part === "database" ? target.database : target.media));

/** Reads every stored byte that the restore will need and compares it with the manifest; ARTIFACT_CORRUPT names the artifact. */
export async function verifyArtifacts(plan: RestorePlan, work: RestoreWork, bytes: RestoreBytes): Promise<void> {
  for (const artifact of artifactsFor(plan.manifest, plan.target)) {
    work.report({ phase: "VERIFYING", bytesProcessed: bytes.before, bytesExpected: bytes.expected, currentItem: artifact.name });
    const meter = new Meter();
    await pipeline(await plan.storage.get(`${plan.folder}/${artifact.name}`), meter, nowhere(), { signal: work.signal });
    if (meter.bytes !== artifact.storedSize || meter.digest() !== artifact.sha256)
      throw new Failure(
        "ARTIFACT_CORRUPT",
        `${artifact.name} is not what was stored: its checksum differs from the manifest's.`,
        "Restore another backup, and check the disk that the storage lies on.",
      );
    work.say("INFO", `${artifact.name} is whole: ${formatBytes(artifact.storedSize)}, checksum as stored.`);
  }
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/**
 * Restores beside the target and switches over: the target is untouched until everything is loaded, unpacked and
 * compared. When anything fails, it is as it was before, and nothing stays beside it.
 */
export async function restoreStaged(plan: RestorePlan, work: RestoreWork, bytes: RestoreBytes): Promise<RestoreResult> {
  await plan.journal({ state: "staging", database: null, media: null });
  const [database, media] = await stageAll(plan, work, bytes).catch(async (error) => {
    await recover(plan.restoreId, { state: "staging", database: null, media: null }, plan.target);
    await plan.journal(null);
    throw error;
  });
  const swapping: RestoreJournal = { state: "swapping", database, media };
  await plan.journal(swapping);
  work.report({ phase: "SWITCHING", bytesProcessed: bytes.expected, bytesExpected: bytes.expected, currentItem: null });
  const started = plan.now();
  try {
    work.signal.throwIfAborted();
    if (media) await swapMedia(media);
    if (database && plan.target.database) await swapDatabase(plan.target.database.connection, plan.target.database.tools, database, work);
  } catch (error) {
    work.say("WARN", "Switching failed; putting everything back as it was.");
    await recover(plan.restoreId, swapping, plan.target).catch((refusal) => {
      throw notPutBack(error, refusal);
    });
    await plan.journal(null);
    throw error;
  }
  const committed: RestoreJournal = { state: "committed", database, media };
  await plan.journal(committed);
  const switchSeconds = (plan.now().getTime() - started.getTime()) / 1000;
  work.say("INFO", `Switched over in ${formatDuration(switchSeconds)}.`);
  work.report({ phase: "FINISHING", bytesProcessed: bytes.expected, bytesExpected: bytes.expected, currentItem: null });
  await recover(plan.restoreId, committed, plan.target);
  await plan.journal(null);
  return resultOf(plan, switchSeconds);
}

async function stageAll(
  plan: RestorePlan,
  work: RestoreWork,
  bytes: RestoreBytes,
): Promise<[DatabaseSwapPlan | null, MediaSwapPlan | null]> {
  const { manifest, target, restoreId } = plan;
  let done = bytes.before;
  let database: DatabaseSwapPlan | null = null;
  let media: MediaSwapPlan | null = null;
  const dump = artifactOf(manifest, "database");
  if (target.database && dump && manifest.database) {
    work.say("INFO", "Loading the database into a scratch schema; the target is untouched.");
    database = await stageDatabase({
      ...target.database,
      ...sourceOf(plan, dump),
      expected: manifest.database,
      restoreId,
      ...work,
      observe: observer("DATABASE", done, work, bytes),
    });
    done += dump.size;
  }
  const archive = artifactOf(manifest, "media");
  if (target.media && archive && manifest.media) {
    work.say("INFO", "Unpacking the media beside their folders; the target is untouched.");
    media = await stageMedia({
      roots: target.media,
      ...sourceOf(plan, archive),
      expected: manifest.media,
      restoreId,
      ...work,
      observe: observer("MEDIA", done, work, bytes),
    });
  }
  return [database, media];
}

/** Restores straight into the target. When it fails the target is broken: the caller puts the pre-restore backup back by this same function. */
export async function restoreInPlace(plan: RestorePlan, work: RestoreWork, bytes: RestoreBytes): Promise<RestoreResult> {
  const { manifest, target, restoreId } = plan;
  let done = bytes.before;
  const dump = artifactOf(manifest, "database");
  if (target.database && dump && manifest.database) {
    work.report({ phase: "DATABASE", bytesProcessed: done, bytesExpected: bytes.expected, currentItem: null });
    await loadInPlace({
      ...target.database,
      ...sourceOf(plan, dump),
      expected: manifest.database,
      ...work,
      observe: observer("DATABASE", done, work, bytes),
    });
    done += dump.size;
  }
  const archive = artifactOf(manifest, "media");
  if (target.media && archive && manifest.media)
    await loadMediaInPlace({
      roots: target.media,
      ...sourceOf(plan, archive),
      expected: manifest.media,
      restoreId,
      ...work,
      observe: observer("MEDIA", done, work, bytes),
    });
  return resultOf(plan, null);
}

/** The Failure for a target that is neither old nor new until the journal's next reader succeeds. */
export const notPutBack = (error: unknown, refusal: unknown) =>
  new Failure(
    "LOAD_FAILED",
    `The restore failed: ${messageOf(error)} The target could not be put back yet: ${messageOf(refusal)}`,
    "Holdfast tries again every minute until the target is as it was.",
    { cause: error, reason: "TARGET_BROKEN" },
  );

/** Puts right what a journal of a staged restore tells of, from whatever point; may be called again and again. */
export async function recover(restoreId: string, journal: RestoreJournal, target: RestoreTarget): Promise<void> {
  // The plans come from our own catalog, written by this same code.
  const database = journal.database as DatabaseSwapPlan | null;
  const media = journal.media as MediaSwapPlan | null;
  if (journal.state === "committed") {
    if (target.database && database) await finishDatabase(target.database.connection, database);
    if (media) await finishMedia(media);
    return;
  }
  if (target.database && database) await rollbackDatabase(target.database.connection, target.database.tools, database);
  else if (target.database) await discardScratch(target.database.connection, restoreId);
  if (media) await rollbackMedia(media);
  else if (target.media) await discardMedia(restoreId, target.media);
}

const artifactOf = (manifest: Manifest, part: Part) => manifest.artifacts.find((artifact) => artifact.part === part);

const sourceOf = (plan: RestorePlan, artifact: Artifact) => ({
  open: () => plan.storage.get(`${plan.folder}/${artifact.name}`),
  compression: plan.manifest.compression,
  sha256: artifact.sha256,
});

const observer = (phase: Phase, before: number, work: RestoreWork, bytes: RestoreBytes) => (progress: PartProgress) =>
  work.report({ phase, bytesProcessed: before + progress.bytes, bytesExpected: bytes.expected, currentItem: progress.item });

function resultOf({ manifest, target }: RestorePlan, switchSeconds: number | null): RestoreResult {
  const database = target.database ? manifest.database : null;
  const media = target.media ? manifest.media : null;
  const { definitions } = database ?? {};
  return {
    tables: database?.tables.length ?? 0,
    rows: database?.tables.reduce((sum, table) => sum + table.rows, 0) ?? 0,
    views: definitions?.views ?? 0,
    triggers: definitions?.triggers ?? 0,
    routines: (definitions?.procedures ?? 0) + (definitions?.functions ?? 0),
    events: definitions?.events ?? 0,
    files: media?.files ?? 0,
    directories: media?.directories ?? 0,
    switchSeconds,
  };
}

/** "42 tables with 1,204,551 rows and 9,604 files", for a log line. */
export function describeResult(result: RestoreResult): string {
  const parts = [
    result.tables > 0 ? `${formatCount(result.tables, "table")} with ${formatCount(result.rows, "row")}` : null,
    result.files > 0 ? formatCount(result.files, "file") : null,
  ].filter((part) => part !== null);
  return parts.join(" and ") || "an empty backup";
}
