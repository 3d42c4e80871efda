import type { Command } from "commander";
import { backupTypes } from "../../../shared/enums.ts";
import type { CreateOptions } from "../actions/backups.ts";
import { choice, engine, examples, json, mediaMode, pageSize, repeated } from "../options.ts";
import type { InSession } from "../session.ts";

const actions = () => import("../actions/backups.ts");

/** create-backup, list-backups, show-backup, copy-backup, remove-copy and delete-backup. */
export function backupCommands(program: Command, inSession: InSession): void {
  program
    .command("create-backup")
    .description("take a backup now, and wait for it")
    .option("--name <text>", "name of the backup")
    .addOption(choice("--type <type>", "what to back up; all that the source holds when left out", backupTypes))
    .option("--description <text>", "a note kept with it")
    .option("--no-compress", "store it uncompressed")
    .option("--include-logs", "keep log files of the media folders in it")
    .option("--source <id>", "the source; may be left out when there is one")
    .option(
      "--storage <storage>",
      "a storage by id or name; may be given several times, the first is read first; the default one when left out",
      repeated,
    )
    .addOption(engine("how to read the database; as the source says when left out"))
    .addOption(mediaMode("how to keep the media; as the source says when left out"))
    .option("--encrypt", "encrypt it; as the settings say when left out")
    .option("--no-encrypt", "do not encrypt it")
    .option("--verify", "prove it by a drill when it is complete; exit status 1 when it does not pass")
    .addOption(json())
    .addHelpText("after", examples("create-backup", "create-backup --verify", 'create-backup --type database --name "Before the update"'))
    .action((options: CreateOptions & { json?: boolean }) =>
      inSession(options, async (session) => (await actions()).create(session, options)),
    );

  program
    .command("list-backups")
    .description("list backups, newest first")
    .option("--limit <n>", "how many at most", pageSize, 50)
    .addOption(json())
    .addHelpText("after", examples("list-backups --limit 5", "list-backups --json"))
    .action((options: { limit: number; json?: boolean }) =>
      inSession(options, async (session) => (await actions()).list(session, options.limit)),
    );

  program
    .command("show-backup")
    .description("show one backup and how to restore it by hand")
    .argument("<id>", "the backup's id")
    .addOption(json())
    .addHelpText("after", examples("show-backup 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a"))
    .action((id: string, options: { json?: boolean }) => inSession(options, async (session) => (await actions()).show(session, id)));

  program
    .command("copy-backup")
    .description("bring a backup to one more storage, or anew to one where it is damaged, and wait for it")
    .argument("<id>", "the backup's id")
    .requiredOption("--storage <storage>", "the storage's id or name")
    .addOption(json())
    .addHelpText("after", examples("copy-backup 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a --storage Offsite"))
    .action((id: string, options: { storage: string; json?: boolean }) =>
      inSession(options, async (session) => (await actions()).copy(session, id, options.storage)),
    );

  program
    .command("remove-copy")
    .description("remove a backup from one of its storages, never from the last; asks first")
    .argument("<id>", "the backup's id")
    .requiredOption("--storage <storage>", "the storage's id or name")
    .option("--yes", "do not ask")
    .addOption(json())
    .addHelpText("after", examples("remove-copy 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a --storage Offsite --yes"))
    .action((id: string, options: { storage: string; yes?: boolean; json?: boolean }) =>
      inSession(options, async (session) => (await actions()).removeCopy(session, id, options)),
    );

  program
    .command("delete-backup")
    .description("delete a backup with its files; asks first")
    .argument("<id>", "the backup's id")
    .option("--yes", "do not ask")
    .addOption(json())
    .addHelpText("after", examples("delete-backup 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a --yes"))
    .action((id: string, options: { yes?: boolean; json?: boolean }) =>
      inSession(options, async (session) => (await actions()).remove(session, id, options)),
    );
}
