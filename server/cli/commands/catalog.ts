import type { Command } from "commander";
import type { RebuildOptions } from "../actions/catalog.ts";
import { examples, json } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

/** rebuild-catalog. */
export function catalogCommands(program: Command, inSession: InSession): void {
  program
    .command("rebuild-catalog")
    .description("read the backups on a storage back into the catalog: what it does not know is adopted, nothing is deleted")
    .argument("<storage>", "a storage's id or name, or the folder of a local one")
    .option("--dry-run", "say what would be adopted, and write nothing")
    .option("--adopt-foreign", "adopt backups of another Holdfast, too")
    .addOption(json())
    .addHelpText("after", examples("rebuild-catalog /var/backups/holdfast", "rebuild-catalog Offsite --dry-run"))
    .action((storage: string, options: RebuildOptions & CommonOptions) =>
      inSession(options, async (session) => (await import("../actions/catalog.ts")).rebuild(session, storage, options)),
    );
}
