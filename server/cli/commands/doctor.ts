import type { Command } from "commander";
import { answer } from "../output.ts";
import type { InSession } from "../session.ts";

/** doctor: exit status 1 when something is wrong. */
export function doctorCommand(program: Command, inSession: InSession): void {
  program
    .command("doctor")
    .description("say what is missing or wrong on this machine, and how to mend it")
    .option("--json", "print the result as JSON")
    .action((options: { json?: boolean }) =>
      inSession(options, async (session) => {
        const found = await session.services.system.inspect(session.actor);
        const lines = found.checks.map(
          ({ name, ok, message, hint }) => `${ok ? "ok   " : "WRONG"}  ${name}: ${message}${ok || !hint ? "" : `\n       ${hint}`}`,
        );
        answer(session, found, [`Holdfast ${found.version}. Catalog: ${found.catalog}.`, ...lines].join("\n"));
        if (found.checks.some(({ ok }) => !ok)) process.exitCode = 1;
      }),
    );
}
