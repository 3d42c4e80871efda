import type { Command } from "commander";
import { examples, json, pageSize } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

const actions = () => import("../actions/lists.ts");

/** list-restores, show-restore and list-sources. */
export function listCommands(program: Command, inSession: InSession): void {
  program
    .command("list-restores")
    .description("list restores, newest first")
    .option("--limit <n>", "how many at most", pageSize, 50)
    .addOption(json())
    .addHelpText("after", examples("list-restores --limit 5"))
    .action((options: { limit: number } & CommonOptions) =>
      inSession(options, async (session) => (await actions()).restores(session, options.limit)),
    );
  program
    .command("show-restore")
    .description("show one restore, and how to undo it")
    .argument("<id>", "the restore's id")
    .addOption(json())
    .addHelpText("after", examples("show-restore 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a"))
    .action((id: string, options: CommonOptions) => inSession(options, async (session) => (await actions()).restore(session, id)));
  program
    .command("list-sources")
    .description("list what is backed up, with its last and its last proven backup")
    .addOption(json())
    .addHelpText("after", examples("list-sources", "list-sources --json"))
    .action((options: CommonOptions) => inSession(options, async (session) => (await actions()).sources(session)));
}
