import { Failure } from "../../domain/errors.ts";

/** The Failure for a load that ended well and did not bring what the backup holds. */
export const differ = (what: string) =>
  new Failure(
    "LOAD_FAILED",
    `What was loaded is not what the backup holds: ${what}.`,
    "Restore another backup, and report this with the operation's log.",
    { reason: "LOAD_DIFFERS" },
  );
