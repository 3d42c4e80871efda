import type { Phase } from "../../shared/enums.ts";
import { formatBytes, formatDuration } from "../../shared/format.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { RestoreJournal, RestoreResult } from "../domain/restore.ts";
import { noLimits } from "../domain/source-load.ts";
import { loadInPlace } from "./database/in-place.ts";
import { discardScratch, type StageRequest, stageDatabase } from "./database/scratch.ts";
import { type DatabaseSwapPlan, finishDatabase, rollbackDatabase, swapDatabase } from "./database/swap.ts";
import { dropEmpty, makeDatabase } from "./database/target.ts";
import { discardMedia, loadMediaInPlace, type MediaLoad, stageMedia } from "./media/stage.ts";
import { finishMedia, type MediaSwapPlan, rollbackMedia, swapMedia } from "./media/swap.ts";
import type { PartProgress } from "./part.ts";
import type { RestoreBytes, RestorePlan, RestoreTarget, RestoreWork } from "./restore-plan.ts";
import { filesOf, resultOf } from "./restore-result.ts";

export type { RestoreBytes, RestorePlan, RestoreTarget, RestoreWork } from "./restore-plan.ts";

/** Uncompressed bytes that the restore will read. */
export async function bytesOf({ content, target, tables, paths }: Pick<RestorePlan, "content" | "target" | "tables" | "paths">) {
  const media = target.media && content.media ? await content.media.measure(paths) : null;
  return ((target.database && content.database?.size(tables)) || 0) + (media?.bytes ?? 0);
}

/** Reads every stored byte that the restore will need and proves it whole; ARTIFACT_CORRUPT says what is not. */
export async function verifyContent(
  { content, target, tables, paths }: RestorePlan,
  work: RestoreWork,
  bytes: RestoreBytes,
): Promise<void> {
  const verify = async (what: string, check: (observe: (stored: number) => void) => Promise<void>) => {
    work.report({ phase: "VERIFYING", bytesProcessed: bytes.before, bytesExpected: bytes.expected, currentItem: what });
    let stored = 0;
    await check((read) => {
      stored = read;
    });
    work.say("INFO", `The ${what} of the backup is whole: ${formatBytes(stored)} read, checksum as stored.`);
  };
  const { database, media } = content;
  if (target.database && database) await verify("database", (observe) => database.verify(tables, work, observe));
  if (target.media && media) await verify("media", (observe) => media.verify(paths, work, observe));
}

/**
 * Restores beside the target and switches over: the target is untouched until everything is loaded, unpacked and
 * compared. When anything fails, it is as it was before, and nothing stays beside it.
 */
export async function restoreStaged(plan: RestorePlan, work: RestoreWork, bytes: RestoreBytes): Promise<RestoreResult> {
  const made = plan.target.database?.make ?? false;
  const staging: RestoreJournal = { state: "staging", database: null, media: null, made };
  const files = await filesOf(plan, work.signal);
  await plan.journal(staging);
  const [database, media] = await stageAll(plan, work, bytes).catch(async (error) => {
    // The journal stays for as long as something does: what failed first is what has to be told.
    if (await isRecovered(plan, staging, work)) await plan.journal(null);
    throw error;
  });
  const swapping: RestoreJournal = { state: "swapping", database, media, made };
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
  const committed: RestoreJournal = { state: "committed", database, media, made };
  await plan.journal(committed);
  const switchSeconds = (plan.now().getTime() - started.getTime()) / 1000;
  work.say("INFO", `Switched over in ${formatDuration(switchSeconds)}.`);
  work.report({ phase: "FINISHING", bytesProcessed: bytes.expected, bytesExpected: bytes.expected, currentItem: null });
  await recover(plan.restoreId, committed, plan.target);
  await plan.journal(null);
  return resultOf(files, database?.brought ?? null, switchSeconds);
}

/** Hands each part that is wanted to what loads it, one after the other. */
async function loadParts<D, M>(
  { content, target, mode, tables, paths, restoreId, limits = noLimits }: RestorePlan,
  work: RestoreWork,
  bytes: RestoreBytes,
  loadDatabase: (request: StageRequest) => Promise<D>,
  loadMedia: (load: MediaLoad) => Promise<M>,
): Promise<[D | null, M | null]> {
  const observer = (phase: Phase, before: number) => (progress: PartProgress) =>
    work.report({ phase, bytesProcessed: before + progress.bytes, bytesExpected: bytes.expected, currentItem: progress.item });
  let before = bytes.before;
  let database: D | null = null;
  let media: M | null = null;
  if (target.database && content.database) {
    work.report({ phase: "DATABASE", bytesProcessed: before, bytesExpected: bytes.expected, currentItem: null });
    const [{ summary: expected }, observe] = [content.database, observer("DATABASE", before)];
    if (target.database.make) await makeDatabase(target.database.connection, expected);
    database = await loadDatabase({
      ...target.database,
      content: content.database,
      mode,
      tables,
      expected,
      restoreId,
      limits,
      ...work,
      observe,
    });
    before += content.database.size(tables);
  }
  if (target.media && content.media) {
    const observe = observer("MEDIA", before);
    media = await loadMedia({ roots: target.media, content: content.media, paths, mode, restoreId, limits, ...work, observe });
  }
  return [database, media];
}

const stageAll = (plan: RestorePlan, work: RestoreWork, bytes: RestoreBytes): Promise<[DatabaseSwapPlan | null, MediaSwapPlan | null]> =>
  loadParts(
    plan,
    work,
    bytes,
    async (request) => {
      work.say("INFO", "Loading the database into a scratch schema; the target is untouched.");
      const staged = await stageDatabase(request);
      if (!staged) work.say("INFO", "The database has all of it already: nothing is missing.");
      return staged;
    },
    (load) => {
      work.say("INFO", "Unpacking the media beside their folders; the target is untouched.");
      return stageMedia(load);
    },
  );

/**
 * Restores straight into the target. When it fails the target is broken: the caller puts the pre-restore backup back by
 * this same function, or discards the database that was empty before.
 */
export async function restoreInPlace(plan: RestorePlan, work: RestoreWork, bytes: RestoreBytes): Promise<RestoreResult> {
  const files = await filesOf(plan, work.signal);
  const made = plan.target.database?.make ?? false;
  const loadMedia = (load: MediaLoad) =>
    loadMediaInPlace(load, (media) => plan.journal({ state: "in-place", database: null, media, made }));
  const [brought] = await loadParts(plan, work, bytes, loadInPlace, loadMedia);
  return resultOf(files, brought, null);
}

/** Takes away what a restore in place left inside of the media folders when it was cut off; their content comes from the safety copy. */
export async function discardInPlace(restoreId: string, journal: RestoreJournal, roots: RestoreTarget["media"]): Promise<void> {
  if (journal.media) await rollbackMedia(journal.media as MediaSwapPlan);
  else if (roots) await discardMedia(restoreId, roots);
}

/** The Failure for a target that is neither old nor new until the journal's next reader succeeds. */
export const notPutBack = (error: unknown, refusal: unknown) =>
  new Failure(
    "LOAD_FAILED",
    `The restore failed: ${messageOf(error)} The target could not be put back yet: ${messageOf(refusal)}`,
    "Holdfast tries again every minute until the target is as it was.",
    { cause: error, reason: "TARGET_BROKEN" },
  );

/** Takes away what lies beside the target; false where that cannot be done now. */
async function isRecovered({ restoreId, target }: RestorePlan, staging: RestoreJournal, work: RestoreWork): Promise<boolean> {
  try {
    await recover(restoreId, staging, target);
    return true;
  } catch (refusal) {
    const what = "What had been loaded beside the target could not be removed yet";
    work.say("WARN", `${what}: ${messageOf(refusal)} Holdfast tries again every minute.`);
    return false;
  }
}

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
  if (target.database && journal.made) await dropEmpty(target.database.connection);
  if (media) await rollbackMedia(media);
  else if (target.media) await discardMedia(restoreId, target.media);
}
