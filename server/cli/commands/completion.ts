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
    .action((shell: (typeof shells)[number]) => {
      const asked = `${quoted(process.execPath)} ${quoted(process.argv[1] ?? "")}`;
      if (shell === "bash") process.stdout.write(bashScript(asked));
      else completion.setup("holdfast", asked, shell);
    });
}

/** Ours for bash: the library's needs the package bash-completion, and evaluates what was typed. */
const bashScript = (asked: string) => `# bash completion for holdfast
_holdfast() {
  local value rest current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS=$'\\t' read -r value rest; do
    [[ $value != :* && $value == "$current"* ]] && COMPREPLY+=("$value")
  done < <(${asked} complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _holdfast holdfast
`;

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
