import type { Actor } from "../domain/access.ts";
import type { Services } from "../services/services.ts";

/** What a command works with: the services straight on the catalog, as the person at the machine. */
export interface Session {
  readonly actor: Actor;
  readonly services: Services;
  /** Aborts with a CANCELLED Failure when the command is to end early. */
  readonly signal: AbortSignal;
  readonly output: Output;
  /** Whether a person is there to answer a question. */
  readonly canAsk: boolean;
}

/** How a command answers: `json` as one JSON object on standard output, `bar` with a progress bar on standard error. */
export interface Output {
  readonly json: boolean;
  readonly bar: boolean;
}

/** Opens a session for one command and closes it after, whatever came of it. Rejects with a Failure only. */
export type InSession = (output: { readonly json?: boolean }, work: (session: Session) => Promise<void>) => Promise<void>;
