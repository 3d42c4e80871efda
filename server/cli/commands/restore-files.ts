import type { Command } from "commander";
import { backupTypes, restoreModes } from "../../../shared/enums.ts";
import type { RestoreFilesOptions } from "../actions/restore-files.ts";
import { choice, examples, json } from "../options.ts";
import type { InSession } from "../session.ts";

const actions = () => import("../actions/restore-files.ts");

/** restore-files. */
export function restoreFilesCommand(program: Command, inSession: InSession): void {
  program
    .command("restore-files")
    .description("inspect a dump, an archive of media or a downloaded backup, and restore it; asks first")
    .argument("<file...>", "a .sql, .tar or .zip, plain or packed by gzip or zstd: one dump, one archive, or one of each")
    .addOption(choice("--type <type>", "what to restore; all that the files hold when left out", backupTypes))
    .addOption(
      choice(
        "--mode <mode>",
        "replace: the target ends exactly as the files; overwrite: what they hold wins, the rest stays; preserve: only what is missing is added",
        restoreModes,
      ).default("replace"),
    )
    .option("--target <source-id>", "the source to restore into; may be left out where there is only one")
    .option("--target-database <name>", "another database on the target's server; made when it is not there")
    .option("--strip-definer", "views, triggers, routines and events run as the account that restores them")
    .option("--map-collation <from=to...>", "use another collation where the target does not know the dump's; may be given more than once")
    .option("--no-pre-restore-backup", "take no safety copy of the target first")
    .option("--in-place", "straight into the target, for accounts that may not create a schema")
    .option(
      "--skip-binary-log",
      "keep the restore out of the server's binary log: it is faster and fills no disk, but replicas do not get it and have to be set up anew",
    )
    .option("--dry-run", "inspect, show what would be done, and touch nothing")
    .option("--yes", "do not ask")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "restore-files shop.sql.gz --dry-run",
        "restore-files shop.sql uploads.zip --strip-definer --map-collation utf8mb4_0900_ai_ci=utf8mb4_unicode_520_ci",
      ),
    )
    .action((files: string[], options: RestoreFilesOptions & { json?: boolean }) =>
      inSession(options, async (session) => (await actions()).restoreFiles(session, files, options)),
    );
}
