import { type Labelled, pinBackupDocument, updateBackupDocument } from "../documents/catalog.ts";
import { answer } from "../output.ts";
import type { Session } from "../session.ts";

export interface LabelOptions {
  readonly name?: string;
  readonly description?: string;
}

/** update-backup. */
export async function update(session: Session, id: string, { name, description }: LabelOptions): Promise<void> {
  const { updateBackup } = await session.holdfast.ask<{ updateBackup: Labelled }>(updateBackupDocument, {
    id,
    input: { name, description },
  });
  answer(session, updateBackup, [updateBackup.name, ...(updateBackup.description ? [updateBackup.description] : [])].join("\n"));
}

/** pin-backup and unpin-backup. */
export async function pin(session: Session, id: string, pinned: boolean): Promise<void> {
  const { pinBackup } = await session.holdfast.ask<{ pinBackup: Labelled }>(pinBackupDocument, { id, pinned });
  answer(session, pinBackup, `${pinned ? "Pinned" : "Unpinned"} ${pinBackup.name}.`);
}
