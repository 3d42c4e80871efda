import { limits } from "../../shared/limits.ts";
import { type BackupRow, findBackup } from "../db/backups.ts";
import { lockBackup } from "../db/deletions.ts";
import * as db from "../db/labels.ts";
import { type Actor, allow } from "../domain/access.ts";
import { badInput, notFound } from "../domain/errors.ts";
import type { BackupId } from "../domain/ids.ts";
import { type LabelValues, sameLabels } from "../domain/labels.ts";
import type { Bus } from "../events/bus.ts";
import type { Audit } from "./audit.ts";
import { createLabelWriting, type LabelWritingDependencies } from "./label-writing.ts";

interface Dependencies extends LabelWritingDependencies {
  readonly bus: Bus;
  readonly audit: Audit;
}

/** Null or left out: as it is; an empty description takes it away. */
export interface LabelRequest {
  readonly name?: string | null;
  readonly description?: string | null;
}

export type LabelsService = ReturnType<typeof createLabels>;

/** Names, describes and pins backups: in the catalog at once, and beside the manifest on each of their storages soon after. */
export function createLabels(dependencies: Dependencies) {
  const { catalog, bus, audit } = dependencies;
  const writing = createLabelWriting(dependencies);

  async function change(id: BackupId, wanted: (row: BackupRow) => LabelValues): Promise<{ row: BackupRow; changed: boolean }> {
    const changed = await catalog.transaction(async (tx) => {
      const row = await lockBackup(tx, id);
      if (!row) throw notFound("backup", id);
      const values = wanted(row);
      if (sameLabels(row, values)) return false;
      await db.setLabels(tx, id, values, row.labelsVersion);
      return true;
    });
    const row = await findBackup(catalog, id);
    if (!row) throw notFound("backup", id);
    if (changed) {
      bus.publish("backup", { id });
      writing.begin(id);
    }
    return { row, changed };
  }

  return {
    async pin(actor: Actor | null, id: BackupId, pinned: boolean): Promise<BackupRow> {
      allow(actor, "pin");
      const { row, changed } = await change(id, ({ name, description }) => ({ name, description, pinned }));
      if (changed) await audit.record(actor, pinned ? "backup.pin" : "backup.unpin", row.name, { id });
      return row;
    },

    async update(actor: Actor | null, id: BackupId, request: LabelRequest): Promise<BackupRow> {
      allow(actor, "label");
      const checked = checkLabels(request);
      const { row, changed } = await change(id, ({ name, description, pinned }) => ({ name, description, pinned, ...checked }));
      if (changed) await audit.record(actor, "backup.update", row.name, { id, ...checked });
      return row;
    },

    /** Writes what storages that were away have missed. */
    upkeep: writing.catchUp,
    /** Resolves when nothing is being written. */
    idle: writing.idle,
    stop: writing.stop,
  };
}

function checkLabels({ name, description }: LabelRequest): Partial<LabelValues> {
  const values = {
    ...(name === null || name === undefined ? {} : { name: name.trim() }),
    ...(description === null || description === undefined ? {} : { description: description.trim() || null }),
  };
  if (values.name === "") throw badInput("A backup's name cannot be empty.");
  if ((values.name?.length ?? 0) > limits.nameLength) throw badInput(`A backup's name has at most ${limits.nameLength} characters.`);
  if ((values.description?.length ?? 0) > limits.descriptionLength)
    throw badInput(`A description has at most ${limits.descriptionLength} characters.`);
  return values;
}
