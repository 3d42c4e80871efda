import type { Command } from "commander";
import { examples, json } from "../options.ts";
import type { InSession } from "../session.ts";

const actions = () => import("../actions/verification.ts");

/** verify-backup. */
export function verificationCommand(program: Command, inSession: InSession): void {
  program
    .command("verify-backup")
    .description("prove a backup, and wait for it; exit status 1 when it does not pass")
    .argument("<id>", "the backup's id")
    .option("--restore", "by a drill: restored into a throw-away server and compared; else every stored byte is read and compared")
    .addOption(json())
    .addHelpText(
      "after",
      examples("verify-backup 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a", "verify-backup 0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a --restore"),
    )
    .action((id: string, options: { restore?: boolean; json?: boolean }) =>
      inSession(options, async (session) => (await actions()).verify(session, id, options.restore ? "RESTORE" : "CHECKSUM")),
    );
}
