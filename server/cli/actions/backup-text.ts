import { formatBytes, formatCount } from "../../../shared/format.ts";
import { describeLoad, engineWords, mediaWords } from "../../../shared/load-words.ts";
import type { Backup, ShownBackup } from "../documents/backups.ts";

/** A backup as JSON for programs: the words of the API. */
export const described = ({ source, storage, copies, ...backup }: Backup) => ({
  ...{ ...backup, sourceId: source.id, storageId: storage.id },
  copies: copies.map(({ storage: { id, name }, ...copy }) => ({ storageId: id, storage: name, ...copy })),
});

/** Its status in words. */
export const statusOf = ({ status, warnings }: Pick<Backup, "status" | "warnings">): string =>
  status !== "COMPLETED" ? status.toLowerCase() : warnings.length > 0 ? "complete, with warnings" : "complete";

/** Where it lies, or why it does not. */
const copyLine = ({ storage, state, problem, retryAt }: Backup["copies"][number]): string =>
  `  ${storage.name}: ${state.toLowerCase()}${problem ? `, ${problem}` : ""}${retryAt ? ` It is tried again at ${retryAt}.` : ""}`;

/** A backup as lines for a person, `proven` being those of its proof; one that did not complete, as far as it came. */
export function portrayed(backup: ShownBackup, proven: readonly string[]): string {
  const { error, database, media } = backup;
  const lines = [backup.name, `${backup.type.toLowerCase()}, ${statusOf(backup)}, created ${backup.createdAt}`];
  if (backup.description) lines.push(backup.description);
  if (error) lines.push(error.message, ...(error.hint ? [error.hint] : []));
  if (backup.restoreCommands.length === 0) return lines.join("\n");
  lines.push(...backup.warnings.map((warning) => `  ${warning}`), ...proven);
  lines.push(`folder: ${backup.storage.location}/${backup.folder}`);
  if (backup.keyId) lines.push(`encrypted; the key ${backup.keyId} opens it`);
  if (backup.copies.length > 1) lines.push("storages:", ...backup.copies.map(copyLine));
  for (const { name, size, storedSize, sha256 } of backup.artifacts)
    lines.push(`${name}: ${formatBytes(storedSize)} stored, ${formatBytes(size)} inside, sha256 ${sha256}`);
  if (backup.addedSize !== null)
    lines.push(`stored: ${formatBytes(backup.addedSize)} new, of ${formatBytes(backup.storedSize ?? 0)} that it needs`);
  if (database) lines.push(`database: ${formatCount(database.tables.length, "table")}, ${formatCount(database.rows, "row")}`);
  if (backup.engineUsed) lines.push(`  read ${engineWords[backup.engineUsed]}. ${backup.engineReason ?? ""}`.trimEnd());
  if (backup.sourceLoad) lines.push(`  load on the source: ${describeLoad(backup.sourceLoad)}`);
  if (media) lines.push(`media: ${formatCount(media.files, "file")}, kept ${mediaWords[backup.mediaMode]}`);
  lines.push("to restore it by hand, in that folder:", ...backup.restoreCommands.map((command) => `  ${command}`));
  return lines.join("\n");
}
