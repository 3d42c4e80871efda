import type { IncomingHttpHeaders, Server } from "node:http";
import { ApolloServer } from "@apollo/server";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { expressMiddleware } from "@as-integrations/express5";
import express, { type RequestHandler, Router } from "express";
import type { GraphQLSchema } from "graphql";
import type { Context } from "../api/context.ts";
import { formatError } from "../api/errors.ts";
import { createLoaders } from "../api/loaders.ts";
import type { Actor } from "../domain/access.ts";
import type { Reads } from "../services/reads.ts";
import type { Services } from "../services/services.ts";

/** Makes the context of each request. */
export type ContextFor = (actor: Actor | null) => Context;

export const contextMaker =
  (services: Services, reads: Reads, publicUrl: () => string): ContextFor =>
  (actor) => ({ actor, services, loaders: createLoaders(reads), publicUrl: publicUrl() });

interface Dependencies {
  readonly schema: GraphQLSchema;
  readonly server: Server;
  readonly actorOfRequest: (headers: IncomingHttpHeaders) => Promise<Actor | null>;
  readonly contextFor: ContextFor;
  readonly onError: (error: unknown) => void;
}

/** POST /graphql. `stop` waits for answers that are under way. */
export async function createGraphql({
  schema,
  server,
  actorOfRequest,
  contextFor,
  onError,
}: Dependencies): Promise<{ handler: RequestHandler; stop(): Promise<void> }> {
  const apollo = new ApolloServer<Context>({
    schema,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: (_formatted, error) => formatError(error, onError),
    plugins: [ApolloServerPluginDrainHttpServer({ httpServer: server, stopGracePeriodMillis: 2000 })],
  });
  await apollo.start();
  const router = Router();
  router.use(
    "/graphql",
    express.json({ limit: "1mb" }),
    expressMiddleware(apollo, { context: async ({ req }) => contextFor(await actorOfRequest(req.headers)) }),
  );
  return { handler: router, stop: () => apollo.stop() };
}
