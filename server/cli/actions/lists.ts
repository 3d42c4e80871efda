import { formatDuration } from "../../../shared/format.ts";
import { type Source, sourcesDocument } from "../documents/definitions.ts";
import { type Restore, restoresDocument } from "../documents/restores.ts";
import { answer, table } from "../output.ts";
import type { Session } from "../session.ts";
import { relative, when } from "../times.ts";
import { contentsOf, existingRestore } from "./restore.ts";

/** list-restores. */
export async function restores(session: Session, limit: number): Promise<void> {
  const { restores: page } = await session.holdfast.ask<{ restores: { totalCount: number; nodes: readonly Restore[] } }>(restoresDocument, {
    first: limit,
  });
  const rows = page.nodes.map((one) => [
    one.id,
    when(one.createdAt),
    one.type.toLowerCase(),
    one.mode.toLowerCase(),
    one.status.toLowerCase(),
    one.target.name,
    one.backup?.name ?? "uploaded files",
  ]);
  const text =
    rows.length === 0
      ? "Nothing was restored yet."
      : table(["ID", "CREATED (UTC)", "TYPE", "MODE", "STATUS", "INTO", "FROM"], rows, session.output.color);
  answer(session, { totalCount: page.totalCount, restores: page.nodes }, text);
}

/** show-restore. */
export async function restore(session: Session, id: string): Promise<void> {
  const one = await existingRestore(session, id);
  const lines = [
    one.name,
    `${one.type.toLowerCase()}, ${one.mode.toLowerCase()}, ${one.status.toLowerCase()}, created ${one.createdAt}`,
    `from ${one.backup?.name ?? "uploaded files"} into ${one.target.name}`,
  ];
  if (one.error) lines.push(one.error.message, ...(one.error.hint ? [one.error.hint] : []));
  if (one.result) lines.push(`restored: ${contentsOf(one.type, one.result)}, in ${formatDuration(one.durationSeconds ?? 0)}`);
  if (one.preRestoreBackup) lines.push(`to undo it: npx holdfast restore ${one.preRestoreBackup.id}`);
  answer(session, one, lines.join("\n"));
}

/** list-sources. */
export async function sources(session: Session): Promise<void> {
  const found = await session.holdfast.ask<{ sources: readonly Source[] }>(sourcesDocument);
  const now = new Date();
  const rows = found.sources.map(({ id, name, database, mediaPaths, lastBackup, lastProven }) => [
    id,
    name,
    database ? `${database.database} on ${database.socketPath ?? database.host}` : "",
    mediaPaths.join(" "),
    relative(lastBackup?.createdAt, now),
    relative(lastProven?.createdAt, now),
  ]);
  const text =
    rows.length === 0
      ? "There is no source yet."
      : table(["ID", "NAME", "DATABASE", "MEDIA", "LAST BACKUP", "LAST PROVEN"], rows, session.output.color);
  answer(session, found, text);
}
