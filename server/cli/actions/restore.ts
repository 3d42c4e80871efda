import type { BackupType, RestoreMode } from "../../../shared/enums.ts";
import { formatCount, formatDuration } from "../../../shared/format.ts";
import { Failure } from "../../domain/errors.ts";
import type { BackupId, SourceId } from "../../domain/ids.ts";
import { durationOf } from "../../services/operation-view.ts";
import type { RestoreForecast } from "../../services/restore-plans.ts";
import type { RestoreRow } from "../../services/restores.ts";
import { confirm } from "../asking.ts";
import { answer } from "../output.ts";
import { runShown } from "../running.ts";
import type { Session } from "../session.ts";

export interface RestoreOptions {
  readonly type?: string;
  readonly mode: string;
  readonly target?: string;
  readonly preRestoreBackup: boolean;
  readonly inPlace?: boolean;
  readonly yes?: boolean;
}

/** restore. */
export async function restore(session: Session, backupId: string, options: RestoreOptions): Promise<void> {
  const { services, actor } = session;
  const backup = await services.backups.existing(backupId as BackupId);
  const request = {
    backupId: backup.id,
    type: (options.type?.toUpperCase() ?? backup.type) as BackupType,
    mode: options.mode.toUpperCase() as RestoreMode,
    targetSourceId: options.target as SourceId | undefined,
    backupBeforeRestore: options.preRestoreBackup,
    staged: !options.inPlace,
  };
  const forecast = await services.restorePlans.forecast(actor, request);
  const [problem] = forecast.problems;
  if (problem) throw new Failure("SOURCE_UNAVAILABLE", problem.message, problem.hint ?? undefined);
  if (!options.yes) await confirm(session, foretold(forecast), forecast.target.name);
  const { id } = await services.restores.create(actor, request);
  const done = await runShown(session, services.restores, id);
  answer(session, described(done), portrayed(done));
}

function foretold({ backup, target, database, media }: RestoreForecast): string {
  const lines = [`${target.name} becomes what it was in ${backup.name}, ${backup.createdAt.toISOString()}:`];
  if (database) {
    const { name, tablesReplaced, tablesAdded, tablesRemoved } = database;
    const replaced = `${formatCount(tablesReplaced.length, "table")} replaced`;
    lines.push(`  database ${name}: ${replaced}, ${tablesAdded.length} added, ${tablesRemoved.length} removed`);
  }
  for (const { path, exists } of media) lines.push(`  media ${path}: ${exists ? "replaced" : "made anew"}`);
  return lines.join("\n");
}

const described = (done: RestoreRow) => ({
  id: done.id,
  status: done.status,
  result: done.result,
  preRestoreBackupId: done.preRestoreBackupId,
  durationSeconds: durationOf(done),
});

function portrayed(done: RestoreRow): string {
  const { tables = 0, rows = 0, files = 0 } = done.result ?? {};
  const counts = [
    ...(done.type === "MEDIA" ? [] : [formatCount(tables, "table"), formatCount(rows, "row")]),
    ...(done.type === "DATABASE" ? [] : [formatCount(files, "file")]),
  ];
  const undo = done.preRestoreBackupId ? `\nTo undo it: npx holdfast restore ${done.preRestoreBackupId}` : "";
  return `Restored and checked: ${counts.join(", ")}, in ${formatDuration(durationOf(done) ?? 0)}.${undo}`;
}
