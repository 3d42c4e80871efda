import type { OperationKind } from "../../shared/enums.ts";
import type { Actor } from "../domain/access.ts";
import type { Services } from "../services/services.ts";

export type Variables = Readonly<Record<string, unknown>>;

/**
 * The Holdfast that a command works on: this machine's, straight on its catalog, or another one by its API. Both answer the
 * same documents of the GraphQL API, so a command says and prints the same on either.
 */
export interface Holdfast {
  /** The data of a query or a mutation; rejects with a Failure. */
  ask<T>(document: string, variables?: Variables): Promise<T>;
  /** The events of a subscription until it completes or is left. */
  listen<T>(document: string, variables?: Variables): AsyncIterableIterator<T>;
  /** Performs what the command began and resolves with its end; resolves at once where it is the other machine that performs it. */
  perform(kind: OperationKind, id: string): Promise<void>;
  /** Takes in a file of this machine to be restored; resolves with its upload's id when it has been inspected. */
  take(path: string, signal: AbortSignal): Promise<string>;
  /** The services of this machine's own Holdfast; where this is another machine's, throws that `what` has to be done there. */
  own(what: string): Own;
  close(): Promise<void>;
}

/** Straight on the catalog of this machine. */
export interface Own {
  readonly services: Services;
  readonly actor: Actor;
  /** Puts right what crashes left behind, as a server does every minute. */
  upkeep(): Promise<void>;
}
