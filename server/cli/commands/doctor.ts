import type { Command } from "commander";
import { examples, json } from "../options.ts";
import type { InSession } from "../session.ts";

const actions = () => import("../actions/doctor.ts");

/** doctor. */
export function doctorCommand(program: Command, inSession: InSession): void {
  program
    .command("doctor")
    .description("say what is wrong with the whole, and how to mend it; exit status 1 when there is an error")
    .addOption(json())
    .addHelpText("after", examples("doctor", "doctor --json", "--remote https://backup.example.com --token-file token doctor"))
    .action((options: { json?: boolean }) =>
      inSession(
        options,
        async (session) => (await actions()).inspect(session),
        async (output, looked) => (await actions()).inspectWithoutCatalog(output, await looked()),
      ),
    );
}
