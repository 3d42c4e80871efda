import type { Command } from "commander";
import { examples } from "../options.ts";

const shells = ["bash", "zsh", "fish"] as const;

/** completion: the script that a shell reads; and `complete`, which that script asks at each Tab. */
export async function completionCommands(program: Command): Promise<void> {
  const [{ default: describe }, { default: completion }] = await Promise.all([import("@bomb.sh/tab/commander"), import("@bomb.sh/tab")]);
  describe(program, { completionCommandName: "completion" });
  program.commands
    .find((command) => command.name() === "completion")
    ?.description("print the script that completes commands and options in bash, zsh or fish")
    .helpGroup("This command line:")
    .addHelpText(
      "after",
      `${examples("completion bash >> ~/.bashrc")}\nIt completes the word holdfast: with npx, say \`alias holdfast="npx holdfast"\` beside it.`,
    )
    .action((shell: (typeof shells)[number]) =>
      completion.setup("holdfast", `${quoted(process.execPath)} ${quoted(process.argv[1] ?? "")}`, shell),
    );
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
