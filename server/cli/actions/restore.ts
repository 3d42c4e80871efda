import type { BackupType, RestoreMode } from "../../../shared/enums.ts";
import { formatBytes, formatCount, formatDuration } from "../../../shared/format.ts";
import { Failure, notFound } from "../../domain/errors.ts";
import { confirm } from "../asking.ts";
import * as documents from "../documents/restores.ts";
import { answer } from "../output.ts";
import { runShown } from "../running.ts";
import type { Session } from "../session.ts";
import { existingBackup } from "./chosen.ts";

export interface RestoreOptions {
  readonly type?: string;
  readonly mode: string;
  readonly target?: string;
  readonly targetDatabase?: string;
  readonly table?: readonly string[];
  readonly path?: readonly string[];
  readonly preRestoreBackup: boolean;
  readonly inPlace?: boolean;
  readonly skipBinaryLog?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** What the API's RestoreInput takes. */
export interface RestoreInput {
  readonly backupId?: string;
  readonly uploadIds?: readonly string[];
  readonly type: BackupType;
  readonly mode: RestoreMode;
  readonly targetSourceId: string | undefined;
  readonly targetDatabase: string | undefined;
  readonly tables?: readonly string[] | undefined;
  readonly paths?: readonly string[] | undefined;
  readonly rewrites?: object;
  readonly backupBeforeRestore: boolean;
  readonly staged: boolean;
  readonly skipBinaryLog?: boolean;
}

/** restore. */
export async function restore(session: Session, backupId: string, options: RestoreOptions): Promise<void> {
  const backup = await existingBackup(session, backupId);
  await carryOut(
    session,
    { backupId: backup.id, ...commonInput(options, typeFor(options, backup.type)), tables: options.table, paths: options.path },
    options,
  );
}

/** What both a backup's and files' restore are asked for. */
export const commonInput = (options: Omit<RestoreOptions, "table" | "path">, usual: BackupType) => ({
  type: (options.type?.toUpperCase() ?? usual) as BackupType,
  mode: options.mode.toUpperCase() as RestoreMode,
  targetSourceId: options.target,
  targetDatabase: options.targetDatabase,
  backupBeforeRestore: options.preRestoreBackup,
  staged: !options.inPlace,
  ...(options.skipBinaryLog ? { skipBinaryLog: true } : {}),
});

/** Whoever asks for a table alone means the database alone: the other part is not replaced as well. */
function typeFor({ table, path }: RestoreOptions, whole: BackupType): BackupType {
  if (table && !path) return "DATABASE";
  return path && !table ? "MEDIA" : whole;
}

/** Shows the plan, asks unless told not to, restores and says what became of it. */
export async function carryOut(session: Session, input: RestoreInput, options: Pick<RestoreOptions, "dryRun" | "yes">): Promise<void> {
  const { holdfast } = session;
  const { restorePlan } = await holdfast.ask<{ restorePlan: documents.Forecast }>(documents.planDocument, { input });
  const foretold = intentText(restorePlan, input);
  if (options.dryRun) {
    answer(session, planOf(restorePlan), [foretold, ...restorePlan.problems.map(({ message }) => `In the way: ${message}`)].join("\n"));
    return;
  }
  const [problem] = restorePlan.problems;
  if (problem) throw new Failure(problem.code, problem.message, problem.hint ?? undefined);
  if (!options.yes) await confirm(session, foretold, restorePlan.target.name);
  const { createRestore } = await holdfast.ask<{ createRestore: { id: string } }>(documents.createRestoreDocument, { input });
  await runShown(session, "RESTORE", createRestore.id);
  const done = await existingRestore(session, createRestore.id);
  answer(session, described(done), portrayed(done));
}

/** The restore of this id; throws NOT_FOUND. */
export async function existingRestore({ holdfast }: Session, id: string): Promise<documents.Restore> {
  const { restore: found } = await holdfast.ask<{ restore: documents.Restore | null }>(documents.restoreDocument, { id });
  if (!found) throw notFound("restore", id);
  return found;
}

function intentText(forecast: documents.Forecast, { tables, paths }: RestoreInput): string {
  const { backup, target, mode, database, media, bytes, expectedSeconds, notes } = forecast;
  const from = backup ? `${backup.name}, ${backup.createdAt}` : "the uploads";
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
  lines.push(`  ${formatBytes(bytes)} to read${about}`, ...notes.map((note) => `  ${note}`));
  return lines.join("\n");
}

const intents: Readonly<Record<RestoreMode, string>> = {
  REPLACE: "becomes what it was in",
  OVERWRITE: "gets over what it has",
  PRESERVE: "gets what it lacks of",
};

const planOf = ({ backup, target, uploads, ...plan }: documents.Forecast) => ({
  backupId: backup?.id ?? null,
  uploadIds: uploads.map(({ id }) => id),
  targetSourceId: target.id,
  ...plan,
});

const described = ({ id, status, result, preRestoreBackup, durationSeconds }: documents.Restore) => ({
  id,
  status,
  result,
  preRestoreBackupId: preRestoreBackup?.id ?? null,
  durationSeconds,
});

function portrayed({ type, result, preRestoreBackup, durationSeconds }: documents.Restore): string {
  const undo = preRestoreBackup ? `\nTo undo it: npx holdfast restore ${preRestoreBackup.id}` : "";
  return `Restored and checked: ${contentsOf(type, result)}, in ${formatDuration(durationSeconds ?? 0)}.${undo}`;
}

/** What was put back, counted. */
export function contentsOf(type: BackupType, result: documents.Restore["result"]): string {
  const { tables = 0, rows = 0, files = 0 } = result ?? {};
  return [
    ...(type === "MEDIA" ? [] : [formatCount(tables, "table"), formatCount(rows, "row")]),
    ...(type === "DATABASE" ? [] : [formatCount(files, "file")]),
  ].join(", ");
}
