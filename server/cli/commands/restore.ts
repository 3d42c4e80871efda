import type { Command } from "commander";
import { backupTypes, restoreModes } from "../../../shared/enums.ts";
import type { RestoreOptions } from "../actions/restore.ts";
import { choice, examples, json } from "../options.ts";
import type { InSession } from "../session.ts";

const actions = () => import("../actions/restore.ts");

/** restore. */
export function restoreCommand(program: Command, inSession: InSession): void {
  program
    .command("restore")
    .description("put a backup back, or some of it, and wait for it; asks first")
    .argument("<backup-id>", "the backup's id")
    .addOption(
      choice(
        "--type <type>",
        "what to restore; when left out, the parts that --table and --path speak of, else all that the backup holds",
        backupTypes,
      ),
    )
    .addOption(
      choice(
        "--mode <mode>",
        "replace: the target ends exactly as the backup; overwrite: what the backup holds wins, the rest stays; preserve: only what is missing is added",
        restoreModes,
      ).default("replace"),
    )
    .option("--target <source-id>", "the source to restore into; the backup's own when left out")
    .option("--target-database <name>", "another database on the target's server; made when it is not there")
    .option("--table <table...>", "only these tables and their triggers; may be given more than once")
    .option("--path <path...>", "only these files and folders, as the backup lists them; may be given more than once")
    .option("--no-pre-restore-backup", "take no safety copy of the target first")
    .option("--in-place", "straight into the target, for accounts that may not create a schema")
    .option(
      "--skip-binary-log",
      "keep the restore out of the server's binary log: it is faster and fills no disk, but replicas do not get it and have to be set up anew",
    )
    .option("--dry-run", "show what would be done, and touch nothing")
    .option("--yes", "do not ask")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "restore 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a",
        "restore 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a --type media --yes",
        "restore 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a --table orders --table order_items --dry-run",
      ),
    )
    .action((id: string, options: RestoreOptions & { json?: boolean }) =>
      inSession(options, async (session) => (await actions()).restore(session, id, options)),
    );
}
