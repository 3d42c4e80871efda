import { basename, resolve } from "node:path";
import { type ExecutionResult, execute, GraphQLError, type GraphQLSchema, parse, subscribe } from "graphql";
import type { OperationKind } from "../../shared/enums.ts";
import type { Actor } from "../domain/access.ts";
import type { BackupId, CleanupId, CopyId, RestoreId, VerificationId } from "../domain/ids.ts";
import type { Services } from "../services/services.ts";
import type { Holdfast, Variables } from "./holdfast.ts";

interface Dependencies {
  readonly schema: GraphQLSchema;
  /** What the schema's resolvers are given. */
  readonly context: () => object;
  readonly services: Services;
  readonly actor: Actor;
  readonly upkeep: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** This machine's Holdfast with no server between: its own schema answers in this process, and what a command begins runs here. */
export function localHoldfast({ schema, context, services, actor, upkeep, signal }: Dependencies): Holdfast {
  const request = (document: string, variableValues: Variables = {}) => ({
    schema,
    document: parse(document),
    variableValues,
    contextValue: context(),
  });
  return {
    ask: async <T>(document: string, variables?: Variables) => dataOf<T>(await execute(request(document, variables))),
    listen: (document, variables) => opened(Promise.resolve(subscribe(request(document, variables)))),
    perform: (kind, id) => performed(services, kind, id),
    take: async (path) => (await services.uploads.adopt(actor, resolve(path), basename(path), signal)).id,
    own: () => ({ services, actor, upkeep }),
    close: async () => {},
  };
}

async function performed(services: Services, kind: OperationKind, id: string): Promise<void> {
  switch (kind) {
    case "BACKUP":
      await services.backups.perform(id as BackupId);
      // Where a server beside took the backup, it may not have come to its verification yet.
      await services.backups.finishVerifying();
      break;
    case "RESTORE":
      await services.restores.perform(id as RestoreId);
      break;
    case "VERIFICATION":
      await services.verifications.perform(id as VerificationId);
      break;
    case "CLEANUP":
      await services.cleanups.perform(id as CleanupId);
      break;
    case "COPY":
      await services.copies.perform(id as CopyId);
      break;
    default:
      throw kind satisfies never;
  }
}

/** As it would come over the wire, so that nothing prints otherwise here than from afar. */
function dataOf<T>({ data, errors }: ExecutionResult): T {
  if (errors?.[0]) throw rootOf(errors[0]);
  return JSON.parse(JSON.stringify(data)) as T;
}

const rootOf = (error: unknown): unknown => (error instanceof GraphQLError && error.originalError ? rootOf(error.originalError) : error);

/** An iterator over a stream that is about to be there. */
function opened<T>(opening: Promise<ExecutionResult | AsyncGenerator<ExecutionResult, void, void>>): AsyncIterableIterator<T> {
  const stream = opening.then((result) => (Symbol.asyncIterator in result ? result : Promise.reject(rootOf(result.errors?.[0]))));
  // It is asked for at the first event; who leaves before has nothing to be told.
  stream.catch(() => {});
  return {
    async next() {
      const { value, done } = await (await stream).next();
      return done ? { done, value: undefined } : { done: false, value: dataOf<T>(value) };
    },
    async return() {
      await stream.then((source) => source.return(undefined)).catch(() => {});
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
