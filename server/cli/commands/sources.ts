import type { Command } from "commander";
import { limits } from "../../../shared/limits.ts";
import type { SourceOptions } from "../actions/sources.ts";
import { bytesOrNone, engine, examples, json, mediaMode, wholeNumberOrNone } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

/** update-source. */
export function sourceCommand(program: Command, inSession: InSession): void {
  program
    .command("update-source")
    .description("change how a source is backed up, and what that may take; what is left out stays")
    .argument("<source>", "its id or its name")
    .addOption(engine("how to read its database"))
    .addOption(mediaMode("how to keep its media: one tar for each backup, or in each backup only what is new"))
    .option("--threads <n>", "connections and threads at most; none: one for each core, four at most", wholeNumberOrNone(1, limits.threads))
    .option("--speed <bytes>", "what is read of it in a second, before it is compressed; none takes the limit away", bytesOrNone)
    .option("--low-priority", "give way to all else on this machine")
    .option("--no-low-priority", "take turns with all else on this machine")
    .addOption(json())
    .addHelpText("after", examples("update-source Shop --threads 2 --speed 20000000", "update-source Shop --engine mysqldump"))
    .action((source: string, options: SourceOptions & CommonOptions) =>
      inSession(options, async (session) => (await import("../actions/sources.ts")).update(session, source, options)),
    );
}
