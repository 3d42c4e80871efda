import { formatBytes, formatCount } from "../../../shared/format.ts";
import type { Manifest } from "../../domain/manifest.ts";
import type { BackupRow } from "../../services/backups.ts";
import { durationOf, errorOf } from "../../services/operation-view.ts";

/** A backup as JSON for programs: the words of the API. */
export const described = (backup: BackupRow) => ({
  id: backup.id,
  name: backup.name,
  description: backup.description,
  type: backup.type,
  status: backup.status,
  trigger: backup.trigger,
  pinned: backup.pinned,
  sourceId: backup.sourceId,
  storageId: backup.storageId,
  folder: backup.folder,
  size: backup.size,
  storedSize: backup.storedSize,
  artifacts: backup.artifacts,
  warnings: backup.warnings ?? [],
  createdAt: backup.createdAt,
  startedAt: backup.startedAt,
  finishedAt: backup.finishedAt,
  durationSeconds: durationOf(backup),
  error: errorOf(backup),
});

/** Its status in words. */
export const statusOf = ({ status, warnings }: BackupRow): string =>
  status !== "COMPLETED" ? status.toLowerCase() : warnings?.length ? "complete, with warnings" : "complete";

/** A backup as lines for a person, `proven` being those of its proof; without a manifest, which only a completed one has, as far as it came. */
export function portrayed(backup: BackupRow, directory: string, manifest: Manifest | null, proven: readonly string[]): string {
  const error = errorOf(backup);
  const lines = [backup.name, `${backup.type.toLowerCase()}, ${statusOf(backup)}, created ${backup.createdAt.toISOString()}`];
  if (backup.description) lines.push(backup.description);
  if (error) lines.push(error.message, ...(error.hint ? [error.hint] : []));
  if (!manifest) return lines.join("\n");
  lines.push(...(backup.warnings ?? []).map((warning) => `  ${warning}`), ...proven);
  lines.push(`folder: ${directory}/${backup.folder}`);
  for (const { name, size, storedSize, sha256 } of backup.artifacts)
    lines.push(`${name}: ${formatBytes(storedSize)} stored, ${formatBytes(size)} inside, sha256 ${sha256}`);
  if (manifest.database) lines.push(`database: ${contents(manifest.database.tables)}`);
  if (manifest.media) lines.push(`media: ${formatCount(manifest.media.files, "file")}`);
  lines.push("to restore it by hand, in that folder:", ...manifest.restoreCommands.map((command) => `  ${command}`));
  return lines.join("\n");
}

function contents(tables: readonly { readonly rows: number }[]): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return `${formatCount(tables.length, "table")}, ${formatCount(rows, "row")}`;
}
