import type { Actor } from "../domain/access.ts";
import type { Services } from "../services/services.ts";

/** What a command works with: the services straight on the catalog, as the person at the machine. */
export interface Session {
  readonly actor: Actor;
  readonly services: Services;
  readonly output: Output;
}

/** How a command answers: `--json` gives one JSON object, a terminal gets progress bars, everything else plain lines. */
export interface Output {
  readonly json: boolean;
  readonly terminal: boolean;
}

/** Opens a session for one command and closes it after, whatever came of it. */
export type InSession = (output: { json?: boolean }, work: (session: Session) => Promise<void>) => Promise<void>;
