import type { Command } from "commander";
import { examples, json } from "../options.ts";
import type { CommonOptions, InSession } from "../session.ts";

const actions = () => import("../actions/keys.ts");

/** keys and recovery-kit. */
export function keyCommands(program: Command, inSession: InSession): void {
  program
    .command("keys")
    .description("list the keys that open encrypted backups; `keys rotate` puts a new one in front, at the machine itself")
    .argument("[action]", "rotate")
    .addOption(json())
    .addHelpText("after", examples("keys", "keys rotate"))
    .action(function (this: Command, action: string | undefined, options: CommonOptions) {
      if (action !== undefined && action !== "rotate") this.error(`error: keys knows rotate, not '${action}'`);
      return inSession(options, async (session) => {
        const { list, rotate } = await actions();
        return action === undefined ? list(session) : rotate(session);
      });
    });

  program
    .command("recovery-kit")
    .description("write the page that opens the backups when Holdfast is gone: print it, and keep it away from this machine")
    .requiredOption("--output <file>", "an HTML file that is not there yet")
    .addOption(json())
    .addHelpText("after", examples("recovery-kit --output kit.html"))
    .action(({ output, ...options }: { output: string } & CommonOptions) =>
      inSession(options, async (session) => (await actions()).makeKit(session, output)),
    );
}
