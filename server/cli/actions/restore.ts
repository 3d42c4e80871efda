import type { BackupType, RestoreMode } from "../../../shared/enums.ts";
import { formatBytes, formatCount, formatDuration } from "../../../shared/format.ts";
import { Failure } from "../../domain/errors.ts";
import type { BackupId, SourceId } from "../../domain/ids.ts";
import { durationOf } from "../../services/operation-view.ts";
import type { RestoreForecast } from "../../services/restore-plans.ts";
import type { RestoreRequest } from "../../services/restore-request.ts";
import type { RestoreRow } from "../../services/restores.ts";
import { confirm } from "../asking.ts";
import { answer } from "../output.ts";
import { runShown } from "../running.ts";
import type { Session } from "../session.ts";

export interface RestoreOptions {
  readonly type?: string;
  readonly mode: string;
  readonly target?: string;
  readonly targetDatabase?: string;
  readonly table?: readonly string[];
  readonly path?: readonly string[];
  readonly preRestoreBackup: boolean;
  readonly inPlace?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** restore. */
export async function restore(session: Session, backupId: string, options: RestoreOptions): Promise<void> {
  const { services } = session;
  const backup = await services.backups.existing(backupId as BackupId);
  const request = {
    backupId: backup.id,
    type: (options.type?.toUpperCase() ?? typeFor(options, backup.type)) as BackupType,
    mode: options.mode.toUpperCase() as RestoreMode,
    targetSourceId: options.target as SourceId | undefined,
    targetDatabase: options.targetDatabase,
    tables: options.table,
    paths: options.path,
    backupBeforeRestore: options.preRestoreBackup,
    staged: !options.inPlace,
  };
  await carryOut(session, request, options);
}

/** Whoever asks for a table alone means the database alone: the other part is not replaced as well. */
function typeFor({ table, path }: RestoreOptions, whole: BackupType): BackupType {
  if (table && !path) return "DATABASE";
  return path && !table ? "MEDIA" : whole;
}

/** Shows the plan, asks unless told not to, restores and says what became of it. */
export async function carryOut(session: Session, request: RestoreRequest, options: Pick<RestoreOptions, "dryRun" | "yes">): Promise<void> {
  const { services, actor } = session;
  const forecast = await services.restorePlans.forecast(actor, request);
  if (options.dryRun) {
    answer(session, planOf(forecast), [foretold(forecast), ...forecast.problems.map(({ message }) => `In the way: ${message}`)].join("\n"));
    return;
  }
  const [problem] = forecast.problems;
  if (problem) throw new Failure(problem.code, problem.message, problem.hint ?? undefined);
  if (!options.yes) await confirm(session, foretold(forecast), forecast.target.name);
  const { id } = await services.restores.create(actor, request);
  const done = await runShown(session, services.restores, id);
  answer(session, described(done), portrayed(done));
}

function foretold({ backup, target, mode, tables, paths, database, media, bytes, expectedSeconds }: RestoreForecast): string {
  const from = backup ? `${backup.name}, ${backup.createdAt.toISOString()}` : "the uploads";
  const lines = [`${target.name} ${mode === "REPLACE" && (tables || paths) ? "gets the chosen parts of" : intents[mode]} ${from}:`];
  if (database) {
    const { name, exists, tablesReplaced, tablesAdded, tablesRemoved, tablesKept } = database;
    const replaced = `${formatCount(tablesReplaced.length, "table")} replaced`;
    const counts = `${replaced}, ${tablesAdded.length} added, ${tablesRemoved.length} removed, ${tablesKept.length} kept`;
    lines.push(`  database ${name}${exists ? "" : " (made anew)"}: ${counts}`);
  }
  for (const { path, exists, filesReplaced, filesAdded, filesRemoved, filesKept } of media) {
    const counts = `${formatCount(filesReplaced ?? 0, "file")} replaced, ${filesAdded} added, ${filesRemoved} removed, ${filesKept} kept`;
    lines.push(`  media ${path}${exists ? "" : " (made anew)"}${filesReplaced === null ? "" : `: ${counts}`}`);
  }
  const about = expectedSeconds === null ? "" : `, in about ${formatDuration(expectedSeconds)}`;
  lines.push(`  ${formatBytes(bytes)} to read${about}`);
  return lines.join("\n");
}

const intents: Readonly<Record<RestoreMode, string>> = {
  REPLACE: "becomes what it was in",
  OVERWRITE: "gets over what it has",
  PRESERVE: "gets what it lacks of",
};

const planOf = ({ backup, target, uploads, ...plan }: RestoreForecast) => ({
  backupId: backup?.id ?? null,
  uploadIds: uploads.map(({ id }) => id),
  targetSourceId: target.id,
  ...plan,
});

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
