import { Command, CommanderError } from "commander";
import { Failure } from "../domain/errors.ts";
import { version } from "../version.ts";
import { accountCommands } from "./commands/accounts.ts";
import { backupCommands } from "./commands/backups.ts";
import { catalogCommands } from "./commands/catalog.ts";
import { cleanupCommand } from "./commands/cleanup.ts";
import { completionCommands } from "./commands/completion.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export-media.ts";
import { keyCommands } from "./commands/keys.ts";
import { labelCommands } from "./commands/labels.ts";
import { listCommands } from "./commands/lists.ts";
import { operationCommands } from "./commands/operations.ts";
import { restoreCommand } from "./commands/restore.ts";
import { restoreFilesCommand } from "./commands/restore-files.ts";
import { scheduleCommands } from "./commands/schedules.ts";
import { settingCommands } from "./commands/settings.ts";
import { sourceCommand } from "./commands/sources.ts";
import { storageCommands } from "./commands/storages.ts";
import { verificationCommand } from "./commands/verification.ts";
import type { CommonOptions, InSession } from "./session.ts";

/** Runs the command that argv names. The exit status: 0 done, 1 failed, 2 wrong usage; what went wrong stands on standard error. */
export async function runProgram(inSession: InSession): Promise<number> {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // A reader that has seen enough, such as head, or a terminal that was closed, is no reason to stop half-way.
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  try {
    await (await programWith(inSession)).parseAsync();
    // A command that answers and still found something wrong, such as doctor, has said so there.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has written its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`${error.message}\n${error.hint ? `${error.hint}\n` : ""}`);
    return error.code === "BAD_USER_INPUT" ? 2 : 1;
  }
}

async function programWith(begin: InSession): Promise<Command> {
  const program = new Command("holdfast")
    .description("Back up and restore MySQL and MariaDB applications: database and media.")
    .version(version)
    .showHelpAfterError("Add --help to see what can be given.")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage. `holdfast help COMMAND` shows a command with examples.")
    .option("--remote <url>", "work on another Holdfast, by its API")
    .option("--token-file <file>", "where the secret of an API token of it stands; - for standard input")
    .configureHelp({ showGlobalOptions: true })
    // Before the commands are made: they take it over.
    .exitOverride();
  const inSession: InSession = (options, work, otherwise) => begin({ ...program.opts<CommonOptions>(), ...options }, work, otherwise);
  program.commandsGroup("Backups:");
  backupCommands(program, inSession);
  labelCommands(program, inSession);
  verificationCommand(program, inSession);
  program.commandsGroup("Restores:");
  restoreCommand(program, inSession);
  restoreFilesCommand(program, inSession);
  program.commandsGroup("Schedules and cleanup:");
  scheduleCommands(program, inSession);
  cleanupCommand(program, inSession);
  program.commandsGroup("What there is:");
  listCommands(program, inSession);
  sourceCommand(program, inSession);
  program.commandsGroup("Storages:");
  storageCommands(program, inSession);
  operationCommands(program, inSession);
  program.commandsGroup("Settings and health:");
  settingCommands(program, inSession);
  exportCommand(program, inSession);
  keyCommands(program, inSession);
  doctorCommand(program, inSession);
  catalogCommands(program, inSession);
  program.commandsGroup("Accounts:");
  accountCommands(program, inSession);
  program.commandsGroup("This command line:");
  await completionCommands(program);
  return program;
}
