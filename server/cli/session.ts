import type { Health } from "../domain/health.ts";
import type { Holdfast } from "./holdfast.ts";

/** What a command works with. */
export interface Session {
  readonly holdfast: Holdfast;
  /** Aborts with a CANCELLED Failure when the command is to end early. */
  readonly signal: AbortSignal;
  readonly output: Output;
  /** Whether a person is there to answer a question. */
  readonly canAsk: boolean;
}

/** How a command answers: `json` as one JSON object on standard output, `bar` with a progress bar on standard error, `color` on standard output. */
export interface Output {
  readonly json: boolean;
  readonly bar: boolean;
  readonly color: boolean;
}

/** The options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  /** The address of another Holdfast. */
  readonly remote?: string;
  /** Where the secret of an API token of it stands. */
  readonly tokenFile?: string;
}

/** What is done where this machine's catalog cannot be opened; `looked` finds out what can be known without it. */
export type Otherwise = (output: Output, looked: () => Promise<Health>) => Promise<void>;

/** Opens a session for one command and closes it after, whatever came of it. Rejects with a Failure only. */
export type InSession = (options: CommonOptions, work: (session: Session) => Promise<void>, otherwise?: Otherwise) => Promise<void>;
