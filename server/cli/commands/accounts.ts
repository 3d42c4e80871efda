import type { Command } from "commander";
import { roles } from "../../../shared/enums.ts";
import type { TokenOptions, UserOptions } from "../actions/accounts.ts";
import { choice, examples, json } from "../options.ts";
import type { InSession } from "../session.ts";

const actions = () => import("../actions/accounts.ts");

/** create-user and create-token. */
export function accountCommands(program: Command, inSession: InSession): void {
  program
    .command("create-user")
    .description("make someone who can sign in; asks for the password on a terminal, else makes one up and prints it")
    .requiredOption("--email <address>", "the address to sign in with")
    .option("--name <text>", "their name")
    .addOption(choice("--role <role>", "what they may do", roles).default("admin"))
    .option("--password-stdin", "read the password from the first line of standard input")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "create-user --email ada@example.com --role operator",
        "create-user --email ada@example.com --password-stdin < password.txt",
      ),
    )
    .action((options: UserOptions & { json?: boolean }) =>
      inSession(options, async (session) => (await actions()).createUser(session, options)),
    );

  program
    .command("create-token")
    .description("make an API token; its secret is printed alone on standard output, this once")
    .requiredOption("--name <text>", "what it is for")
    .addOption(choice("--role <role>", "what it may do", roles).default("admin"))
    .addOption(json())
    .addHelpText("after", examples("create-token --name monitoring --role viewer"))
    .action((options: TokenOptions & { json?: boolean }) =>
      inSession(options, async (session) => (await actions()).createToken(session, options)),
    );
}
