import type { BackupType } from "../../shared/enums.ts";
import { limits } from "../../shared/limits.ts";
import type { Db } from "../db/client.ts";
import type { RestoreRow } from "../db/restores.ts";
import * as db from "../db/restores.ts";
import type { SourceRow } from "../db/sources.ts";
import type { Actor } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import { discardLoaded, dropEmpty } from "../engine/database/target.ts";
import type { ClientTools } from "../engine/part.ts";
import {
  bytesOf,
  discardInPlace,
  notPutBack,
  type RestoreBytes,
  type RestorePlan,
  type RestoreTarget,
  recover,
  restoreInPlace,
  restoreStaged,
  verifyContent,
} from "../engine/restore.ts";
import { describeResult } from "../engine/restore-result.ts";
import type { Bus } from "../events/bus.ts";
import type { Backups } from "./backups.ts";
import { binaryLogSkipped } from "./restore-checks.ts";
import type { ResolvedRestore, RestoreRequests } from "./restore-request.ts";
import type { Work } from "./running.ts";
import { loadLimitsOf } from "./source-options.ts";
import type { Sources } from "./sources.ts";
import { sayWhere } from "./stored-backups.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly backups: Backups;
  readonly sources: Sources;
  readonly tools: () => Promise<ClientTools>;
  readonly now: () => Date;
  readonly requests: RestoreRequests;
}

/** The work of a restore's operation, and putting right what a crash left of one. */
export function createRestoreWork({ catalog, bus, backups, sources, tools, now, requests }: Dependencies) {
  const planFor = (
    row: RestoreRow,
    { mode, tables, paths, content, target: source }: ResolvedRestore,
    target: RestoreTarget,
    confirm: Work["confirm"],
  ): RestorePlan => ({
    ...{ restoreId: row.id, content, mode, tables, paths, target, now, limits: loadLimitsOf(source) },
    async journal(journal) {
      // Whoever took it over has put the target right: what was done is still written down, but nothing more is begun.
      if (journal !== null && journal.state !== "committed") await confirm();
      await db.writeJournal(catalog, row.id, journal);
    },
  });

  async function put(row: RestoreRow, actor: Actor, work: Work): Promise<void> {
    if (row.backupId === null && row.uploadIds === null)
      throw new Failure("NOT_FOUND", "The backup to restore was deleted in the meantime.");
    const restore = await requests.resolve(row);
    // Much may have changed while it waited.
    for await (const problem of requests.problems(restore)) throw problem;
    const occupancy = await requests.occupancy(restore);
    const plan = planFor(row, restore, await requests.targetIn(restore, occupancy === "missing"), work.confirm);
    const wanted = await bytesOf(plan);
    work.say("INFO", `Restoring ${restore.name}.`);
    if (plan.target.database?.connection.skipBinaryLog) work.say("WARN", binaryLogSkipped);
    if (restore.from) sayWhere(restore.from, work.say);
    work.report({ phase: "PREPARING", bytesProcessed: 0, bytesExpected: null, currentItem: null });
    // What is broken is found before the target's owner waits for a safety copy, and long before the target is touched.
    await verifyContent(plan, work, { before: 0, expected: wanted });
    const copied = safetyTypeOf(row);

    let before = 0;
    if (row.backupBeforeRestore && copied) {
      work.say("INFO", "Taking a pre-restore backup of the target, so that this restore can be undone.");
      const safety = await backups.takeSafetyCopy(
        actor,
        { type: copied, sourceId: row.targetSourceId, name: `Before restoring ${restore.name}`.slice(0, limits.nameLength) },
        work,
        async ({ id }) => {
          await db.recordPreRestoreBackup(catalog, row.id, id);
          bus.publish("restore", { id: row.id });
        },
        (bytes, expected) =>
          work.report({
            phase: "PREPARING",
            bytesProcessed: bytes,
            bytesExpected: expected === null ? null : expected + wanted,
            currentItem: "pre-restore backup",
          }),
      );
      before = safety.size ?? 0;
    }
    const bytes = { before, expected: before + wanted };
    const result = row.staged ? await restoreStaged(plan, work, bytes) : await inPlace(row, plan, work, bytes);
    await db.recordResult(catalog, row.id, result);
    work.say("INFO", `Restored and checked: ${describeResult(result)}.`);
  }

  async function inPlace({ id }: RestoreRow, plan: RestorePlan, work: Work, bytes: RestoreBytes) {
    await plan.journal({ state: "in-place", database: null, media: null, made: plan.target.database?.make ?? false });
    try {
      const result = await restoreInPlace(plan, work, bytes);
      await plan.journal(null);
      return result;
    } catch (error) {
      work.say("WARN", "The restore in place failed; putting everything back as it was.");
      const row = await db.findRestore(catalog, id);
      if (row)
        await undoInPlace(row).catch((refusal) => {
          throw notPutBack(error, refusal);
        });
      throw error;
    }
  }

  /** Makes a target that was left broken what it was. Not stopped by the restore's own signal: this is its clean-up. */
  async function undoInPlace(row: RestoreRow): Promise<void> {
    const target = await sources.existing(row.targetSourceId);
    const connection = row.targetDatabase === null ? null : await requests.connectionFor({ ...row, target });
    if (connection) {
      await discardLoaded(connection);
      if (row.journal?.made) await dropEmpty(connection);
    }
    const type = safetyTypeOf(row);
    if (row.journal) await discardInPlace(row.id, row.journal, row.type === "DATABASE" ? null : rootsOf(target));
    if (type) await putSafetyCopyBack(row, type);
    await db.writeJournal(catalog, row.id, null);
  }

  async function putSafetyCopyBack(row: RestoreRow, type: BackupType): Promise<void> {
    if (row.preRestoreBackupId === null) throw new Failure("INTERNAL", "There is no pre-restore backup to put back.");
    const { preRestoreBackupId: backupId, targetSourceId, skipBinaryLog } = row;
    const safety = await requests.resolve({ backupId, type, targetSourceId, skipBinaryLog });
    const plan = planFor(row, safety, await requests.targetIn(safety, false), async () => {});
    const quiet = { signal: new AbortController().signal, say: () => {}, report: () => {} };
    await restoreInPlace(plan, quiet, { before: 0, expected: 0 });
  }

  /** Puts right what the journal of an ended or interrupted restore tells of. */
  async function repair(row: RestoreRow): Promise<void> {
    if (row.journal === null) return;
    if (row.journal.state === "in-place") return undoInPlace(row);
    const target = await sources.existing(row.targetSourceId);
    const connection = await requests.connectionFor({ ...row, target });
    await recover(row.id, row.journal, {
      database: connection && { connection, tools: await tools(), make: row.journal.made },
      media: row.type === "DATABASE" ? null : rootsOf(target),
    });
    await db.writeJournal(catalog, row.id, null);
  }

  return { put, repair };
}

const rootsOf = ({ mediaPaths }: SourceRow) => mediaPaths.map((path) => ({ path, prefix: "" }));

/** What a pre-restore backup has to hold; null where a source has nothing to lose, since the restore goes into an empty database. */
const safetyTypeOf = ({ type, targetDatabase }: Pick<RestoreRow, "type" | "targetDatabase">): BackupType | null =>
  targetDatabase === null ? type : type === "FULL" ? "MEDIA" : null;
