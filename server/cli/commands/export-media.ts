import type { Command } from "commander";
import { examples, json } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

interface Options extends CommonOptions {
  readonly output: string;
  readonly path?: string[];
}

/** export-media. */
export function exportCommand(program: Command, inSession: InSession): void {
  program
    .command("export-media")
    .description("write files of a backup into one .zip or .tar that any desktop opens; nothing is restored")
    .argument("<backup-id>", "the backup's id")
    .requiredOption("--output <file>", "a file that is not there yet, whose name ends in .zip or .tar")
    .option("--path <path...>", "only these files and folders, as the backup lists them; may be given more than once")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "export-media 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a --output pictures.zip",
        "export-media 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a --path media/coffee --output coffee.tar",
      ),
    )
    .action((id: string, options: Options) =>
      inSession(options, async (session) => (await import("../actions/export-media.ts")).exportMedia(session, id, options)),
    );
}
