import { limits } from "../../shared/limits.ts";
import type { BackupRow } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import type { RestoreRow } from "../db/restores.ts";
import * as db from "../db/restores.ts";
import type { Actor } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import type { RestoreId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { ClientTools } from "../engine/part.ts";
import {
  bytesOf,
  describeResult,
  notPutBack,
  type RestoreBytes,
  type RestorePlan,
  recover,
  restoreInPlace,
  restoreStaged,
  verifyContent,
} from "../engine/restore.ts";
import { contentOf } from "../engine/stored-content.ts";
import type { Bus } from "../events/bus.ts";
import type { Backups } from "./backups.ts";
import { targetOf } from "./restore-target.ts";
import type { Work } from "./running.ts";
import type { Sources } from "./sources.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly backups: Backups;
  readonly sources: Sources;
  readonly storages: Storages;
  readonly tools: () => Promise<ClientTools>;
  readonly now: () => Date;
}

/** The work of a restore's operation, and putting right what a crash left of one. */
export function createRestoreWork({ catalog, bus, backups, sources, storages, tools, now }: Dependencies) {
  async function planFor(row: RestoreRow, backup: BackupRow, manifest: Manifest): Promise<RestorePlan> {
    const target = await sources.existing(row.targetSourceId);
    const storage = await storages.open(backup.storageId);
    return {
      restoreId: row.id,
      content: contentOf(storage, backup.folder, manifest),
      mode: "REPLACE",
      tables: null,
      paths: null,
      target: targetOf(target, manifest, row.type, sources.connectionOf(target), await tools()),
      journal: (journal) => db.writeJournal(catalog, row.id, journal),
      now,
    };
  }

  async function put(row: RestoreRow, actor: Actor, work: Work): Promise<void> {
    if (row.backupId === null) throw new Failure("NOT_FOUND", "The backup to restore was deleted in the meantime.");
    const backup = await backups.existing(row.backupId);
    const manifest = await backups.manifestOf(backup.id);
    if (!manifest) throw new Failure("NOT_FOUND", `${backup.name} has no manifest in the catalog.`);
    const plan = await planFor(row, backup, manifest);
    const wanted = await bytesOf(plan);
    work.say("INFO", `Restoring ${backup.name}.`);
    work.report({ phase: "PREPARING", bytesProcessed: 0, bytesExpected: null, currentItem: null });
    // What is broken is found before the target's owner waits for a safety copy, and long before the target is touched.
    await verifyContent(plan, work, { before: 0, expected: wanted });

    let before = 0;
    if (row.backupBeforeRestore) {
      work.say("INFO", "Taking a pre-restore backup of the target, so that this restore can be undone.");
      const safety = await backups.takeSafetyCopy(
        actor,
        { type: row.type, sourceId: row.targetSourceId, name: `Before restoring ${backup.name}`.slice(0, limits.nameLength) },
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
    const result = row.staged ? await restoreStaged(plan, work, bytes) : await inPlace(row.id, plan, work, bytes);
    await db.recordResult(catalog, row.id, result);
    work.say("INFO", `Restored and checked: ${describeResult(result)}.`);
  }

  async function inPlace(id: RestoreId, plan: RestorePlan, work: Work, bytes: RestoreBytes) {
    await plan.journal({ state: "in-place", database: null, media: null, made: false });
    try {
      const result = await restoreInPlace(plan, work, bytes);
      await plan.journal(null);
      return result;
    } catch (error) {
      work.say("WARN", "The restore in place failed; putting the pre-restore backup back.");
      const row = await db.findRestore(catalog, id);
      if (row)
        await putSafetyCopyBack(row).catch((refusal) => {
          throw notPutBack(error, refusal);
        });
      throw error;
    }
  }

  /** Overwrites a target that was left broken with its own safety copy. Not stopped by the restore's own signal: this is its clean-up. */
  async function putSafetyCopyBack(row: RestoreRow): Promise<void> {
    if (row.preRestoreBackupId === null) throw new Failure("INTERNAL", "There is no pre-restore backup to put back.");
    const safety = await backups.existing(row.preRestoreBackupId);
    const manifest = await backups.manifestOf(safety.id);
    if (!manifest) throw new Failure("NOT_FOUND", `${safety.name} has no manifest in the catalog.`);
    const plan = await planFor(row, safety, manifest);
    const quiet = { signal: new AbortController().signal, say: () => {}, report: () => {} };
    await restoreInPlace(plan, quiet, { before: 0, expected: 0 });
    await plan.journal(null);
  }

  /** Puts right what the journal of an ended or interrupted restore tells of. */
  async function repair(row: RestoreRow): Promise<void> {
    if (row.journal === null) return;
    if (row.journal.state === "in-place") return putSafetyCopyBack(row);
    const target = await sources.existing(row.targetSourceId);
    const connection = row.type === "MEDIA" ? null : sources.connectionOf(target);
    const roots = row.type === "DATABASE" ? null : target.mediaPaths.map((path) => ({ path, prefix: "" }));
    await recover(row.id, row.journal, { database: connection && { connection, tools: await tools(), make: false }, media: roots });
    await db.writeJournal(catalog, row.id, null);
  }

  return { put, repair };
}
