import { userInfo } from "node:os";
import { Command, CommanderError } from "commander";
import pino from "pino";
import { openApp } from "../app.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import { openLog } from "../log.ts";
import { loadSettings } from "../settings.ts";
import { version } from "../version.ts";
import { accountCommands } from "./commands/accounts.ts";
import { backupCommands } from "./commands/backups.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { restoreCommand } from "./commands/restore.ts";
import type { InSession } from "./session.ts";

/** One command on the catalog itself, so that it works with no server up: what it begins, it runs. */
const inSession: InSession = async ({ json = false }, work) => {
  const { settings, warnings, secrets } = loadSettings();
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  // Standard output is the command's answer; what goes wrong inside goes to standard error.
  const log = openLog({ level: "error", secrets, destination: pino.destination({ fd: 2, sync: true }) });
  const app = await openApp(settings, log, async () => ({ add: async () => {} }));
  try {
    await work({
      actor: { kind: "cli", name: userInfo().username, role: "ADMIN" },
      services: app.services,
      output: { json, terminal: process.stderr.isTTY === true },
    });
  } finally {
    await app.close();
  }
};

const program = new Command("holdfast")
  .description("Back up and restore MySQL and MariaDB applications: database and media.")
  .version(version)
  .exitOverride();
backupCommands(program, inSession);
restoreCommand(program, inSession);
accountCommands(program, inSession);
doctorCommand(program, inSession);
for (const command of program.commands) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    const hint = error instanceof Failure && error.hint ? `\n${error.hint}` : "";
    process.stderr.write(`${messageOf(error)}${hint}\n`);
    process.exitCode = 1;
  }
}
