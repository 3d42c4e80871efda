import type { BackupType } from "../../../shared/enums.ts";
import { badInput, notFound } from "../../domain/errors.ts";
import { type Backup, backupDocument } from "../documents/backups.ts";
import { type Source, sourcesDocument } from "../documents/definitions.ts";
import type { Session } from "../session.ts";

/** The source that was named, or the only one. */
export async function sourceOf({ holdfast }: Session, id: string | undefined): Promise<Source> {
  const { sources } = await holdfast.ask<{ sources: readonly Source[] }>(sourcesDocument);
  const chosen = id ? sources.find((source) => source.id === id) : sources[0];
  if (id && !chosen) throw notFound("source", id);
  if (!chosen) throw badInput("There is no source yet.", "Add one on the dashboard, or set BACKUP_MYSQL_DATABASE or BACKUP_MEDIA_ROOT.");
  if (id || sources.length === 1) return chosen;
  throw badInput(
    "There are several sources.",
    ["Name one with --source:", ...sources.map((each) => `  ${each.id}  ${each.name}`)].join("\n"),
  );
}

/** The type that takes all that the source holds. */
export const allOf = ({ database, mediaPaths }: Source): BackupType =>
  !database ? "MEDIA" : mediaPaths.length === 0 ? "DATABASE" : "FULL";

/** The backup of this id; throws NOT_FOUND. */
export async function existingBackup({ holdfast }: Session, id: string): Promise<Backup> {
  const { backup } = await holdfast.ask<{ backup: Backup | null }>(backupDocument, { id });
  if (!backup) throw notFound("backup", id);
  return backup;
}
