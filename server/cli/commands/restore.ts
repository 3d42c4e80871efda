import { createInterface } from "node:readline/promises";
import { type Command, Option } from "commander";
import type { BackupType } from "../../../shared/enums.ts";
import { formatCount, formatDuration } from "../../../shared/format.ts";
import { badInput, Failure } from "../../domain/errors.ts";
import type { BackupId, SourceId } from "../../domain/ids.ts";
import { durationOf, errorOf } from "../../services/operation-view.ts";
import type { RestoreForecast } from "../../services/restore-plans.ts";
import { answer, runShown } from "../output.ts";
import type { InSession, Session } from "../session.ts";

interface RestoreOptions {
  readonly type?: string;
  readonly mode: string;
  readonly target?: string;
  readonly preRestoreBackup: boolean;
  readonly inPlace?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** restore BACKUP_ID. */
export function restoreCommand(program: Command, inSession: InSession): void {
  program
    .command("restore")
    .description("put a backup back, and wait for it")
    .argument("<backup-id>", "the backup's id")
    .addOption(
      new Option("--type <type>", "what to restore; all that the backup holds when left out").choices(["database", "media", "full"]),
    )
    .addOption(new Option("--mode <mode>", "replace: the target ends exactly as the backup").choices(["replace"]).default("replace"))
    .option("--target <source-id>", "the source to restore into; the backup's own when left out")
    .option("--no-pre-restore-backup", "take no safety copy of the target first")
    .option("--in-place", "straight into the target, for accounts that may not create a schema")
    .option("--yes", "do not ask")
    .option("--json", "print the result as JSON")
    .action((id: string, options: RestoreOptions) => inSession(options, (session) => restore(session, id as BackupId, options)));
}

async function restore(session: Session, backupId: BackupId, options: RestoreOptions): Promise<void> {
  const { services, actor } = session;
  const backup = await services.backups.existing(backupId);
  const request = {
    backupId,
    type: (options.type?.toUpperCase() ?? backup.type) as BackupType,
    targetSourceId: options.target as SourceId | undefined,
    backupBeforeRestore: options.preRestoreBackup,
    staged: !options.inPlace,
  };
  const forecast = await services.restorePlans.forecast(actor, request);
  const [problem] = forecast.problems;
  if (problem) throw new Failure("SOURCE_UNAVAILABLE", problem.message, problem.hint ?? undefined);
  if (!options.yes) await confirm(session, forecast);
  const { id } = await services.restores.create(actor, request);
  await runShown(session, id, () => services.restores.perform(id));
  const done = await services.restores.existing(id);
  const { result } = done;
  const text = `Restored and checked: ${formatCount(result?.tables ?? 0, "table")}, ${formatCount(result?.rows ?? 0, "row")}, ${formatCount(result?.files ?? 0, "file")}, in ${formatDuration(durationOf(done) ?? 0)}.`;
  const undo = done.preRestoreBackupId ? `\nTo undo it: npx holdfast restore ${done.preRestoreBackupId}` : "";
  answer(
    session,
    {
      id,
      status: done.status,
      result,
      preRestoreBackupId: done.preRestoreBackupId,
      durationSeconds: durationOf(done),
      error: errorOf(done),
    },
    text + undo,
  );
}

async function confirm({ output }: Session, { backup, target, database, media }: RestoreForecast): Promise<void> {
  if (!output.terminal) throw badInput("This would replace data, and there is nobody to ask.", "Add --yes.");
  const lines = [
    `${target.name} becomes what it was in ${backup.name}, ${backup.createdAt.toISOString()}:`,
    ...(database
      ? [
          `  database ${database.name}: ${formatCount(database.tablesReplaced.length, "table")} replaced, ${database.tablesAdded.length} added, ${database.tablesRemoved.length} removed`,
        ]
      : []),
    ...media.map(({ path, exists }) => `  media ${path}: ${exists ? "replaced" : "made anew"}`),
  ];
  process.stderr.write(`${lines.join("\n")}\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await terminal.question(`Type ${target.name} to go on: `);
  terminal.close();
  if (typed.trim() !== target.name) throw new Failure("CANCELLED", "Nothing was touched.");
}
