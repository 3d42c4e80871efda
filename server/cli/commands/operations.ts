import type { Command } from "commander";
import { examples, json } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

const actions = () => import("../actions/operations.ts");
const id = "0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a";

/** follow and cancel. */
export function operationCommands(program: Command, inSession: InSession): void {
  program
    .command("follow")
    .description("watch a backup, restore, verification or cleanup until it ends; leaving does not cancel it. Exit status 1 when it failed")
    .argument("<id>", "its id")
    .addOption(json())
    .addHelpText("after", examples(`follow ${id}`))
    .action((given: string, options: CommonOptions) => inSession(options, async (session) => (await actions()).follow(session, given)));
  program
    .command("cancel")
    .description("cancel a backup, restore, verification or cleanup")
    .argument("<id>", "its id")
    .addOption(json())
    .addHelpText("after", examples(`cancel ${id}`))
    .action((given: string, options: CommonOptions) => inSession(options, async (session) => (await actions()).cancel(session, given)));
}
