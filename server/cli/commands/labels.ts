import type { Command } from "commander";
import type { LabelOptions } from "../actions/labels.ts";
import { examples, json } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

const actions = () => import("../actions/labels.ts");

/** update-backup, pin-backup and unpin-backup. */
export function labelCommands(program: Command, inSession: InSession): void {
  program
    .command("update-backup")
    .description("name or describe a backup anew")
    .argument("<id>", "the backup's id")
    .option("--name <text>", "its new name")
    .option("--description <text>", 'its new description; "" takes it away')
    .addOption(json())
    .addHelpText("after", examples('update-backup 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a --name "Before the move"'))
    .action(function (this: Command, id: string, options: LabelOptions & CommonOptions) {
      if (options.name === undefined && options.description === undefined)
        this.error("error: say what changes, by --name or --description");
      return inSession(options, async (session) => (await actions()).update(session, id, options));
    });
  for (const [command, pinned, description] of [
    ["pin-backup", true, "keep a backup whatever the retention says"],
    ["unpin-backup", false, "let the retention decide about a backup again"],
  ] as const)
    program
      .command(command)
      .description(description)
      .argument("<id>", "the backup's id")
      .addOption(json())
      .addHelpText("after", examples(`${command} 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a`))
      .action((id: string, options: CommonOptions) => inSession(options, async (session) => (await actions()).pin(session, id, pinned)));
}
