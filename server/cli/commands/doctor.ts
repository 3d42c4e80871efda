import type { Command } from "commander";
import { examples, json } from "../options.ts";
import type { InSession } from "../session.ts";

const actions = () => import("../actions/doctor.ts");

/** doctor. */
export function doctorCommand(program: Command, inSession: InSession): void {
  program
    .command("doctor")
    .description("say what is missing or wrong on this machine, and how to mend it; exit status 1 when something is")
    .addOption(json())
    .addHelpText("after", examples("doctor"))
    .action((options: { json?: boolean }) => inSession(options, async (session) => (await actions()).inspect(session)));
}
