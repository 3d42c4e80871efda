import type { Command } from "commander";
import type { CleanupOptions } from "../actions/cleanup.ts";
import { examples, json, wholeNumber } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

const actions = () => import("../actions/cleanup.ts");

/** cleanup-old-backups. */
export function cleanupCommand(program: Command, inSession: InSession): void {
  program
    .command("cleanup-old-backups")
    .description("delete the backups that no limit keeps, and say why; on a terminal asks first. The newest good ones always stay")
    .option("--days <n>", "instead of every limit by days, this once", wholeNumber(1, 36_500))
    .option("--dry-run", "say what would be deleted, and touch nothing")
    .option("--force", "do not ask, and go on although the clock jumped")
    .addOption(json())
    .addHelpText("after", examples("cleanup-old-backups --dry-run", "cleanup-old-backups --days 14 --force"))
    .action((options: CleanupOptions & CommonOptions) =>
      inSession(options, async (session) => (await actions()).cleanUp(session, options)),
    );
}
