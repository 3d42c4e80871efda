import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type ErrorRequestHandler } from "express";
import type { GraphQLSchema } from "graphql";
import helmet from "helmet";
import { Failure } from "../domain/errors.ts";
import type { ReadinessPart } from "../services/readiness.ts";
import type { Reads } from "../services/reads.ts";
import type { Services } from "../services/services.ts";
import type { Auth } from "./auth.ts";
import { serveDashboard } from "./dashboard.ts";
import { serveDownloads } from "./downloads.ts";
import { contextMaker, createGraphql } from "./graphql.ts";
import { serveHealth } from "./health.ts";
import { serveMetrics } from "./metrics.ts";
import { sendFailure } from "./refusals.ts";
import { serveRest } from "./rest.ts";
import type { Setup } from "./setup.ts";
import { serveUploads } from "./uploads.ts";
import { serveWebsocket } from "./websocket.ts";

export interface HttpDependencies {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | null;
  readonly dashboardFolder: string;
  readonly schema: GraphQLSchema;
  readonly services: Services;
  readonly reads: Reads;
  readonly readiness: readonly ReadinessPart[];
  /** Hears why a part is not ready, which is not told to strangers. */
  readonly tellUnready: (part: string, problem: unknown) => void;
  /** Made once the address is known, because cookies and origins depend on it. */
  readonly accounts: (publicUrl: string) => { readonly auth: Auth; readonly setup: Setup };
  readonly onError: (error: unknown) => void;
}

export interface HttpServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly setup: Setup;
  /** Closes sockets and waits a little for answers under way. */
  stop(): Promise<void>;
}

/** Serves the API, the WebSocket, downloads, health and the dashboard. */
export async function startHttp(dependencies: HttpDependencies): Promise<HttpServer> {
  const { host, port, schema, services, reads, onError } = dependencies;
  const app = express().disable("x-powered-by").disable("etag");
  const server = createServer(app);
  server.listen(port, host);
  await once(server, "listening");
  const url = dependencies.publicUrl ?? urlOf(host, server.address() as AddressInfo);

  const { auth, setup } = dependencies.accounts(url);
  const contextFor = contextMaker(services, reads, () => url);
  const sockets = serveWebsocket({ schema, server, auth, contextFor, onError });
  const graphql = await createGraphql({ schema, server, actorOfRequest: auth.actorOfRequest, contextFor, onError });
  app.use(securityHeaders(url));
  app.use(
    serveHealth(dependencies.readiness, dependencies.tellUnready),
    serveMetrics({ metrics: services.metrics, actorOfRequest: auth.actorOfRequest }),
    auth.handler,
    setup.handler,
    graphql.handler,
    serveDownloads(services.downloads),
    serveUploads({ uploads: services.uploads, auth }),
    serveRest({ schema, services, auth, contextFor, onError }),
    serveDashboard(dependencies.dashboardFolder),
  );
  app.use(refuseUnknown, answerUnforeseen(onError));
  return {
    url,
    setup,
    async stop() {
      await sockets.stop();
      await graphql.stop();
      server.closeAllConnections();
    },
  };
}

const securityHeaders = (url: string) =>
  helmet({
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        // Components place and size themselves by style attributes; scripts are files of ours only.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'", "ws:", "wss:"],
        frameAncestors: ["'none'"],
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: url.startsWith("https:"),
  });

function urlOf(host: string, { port }: AddressInfo): string {
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

const refuseUnknown: express.RequestHandler = (_req, res) =>
  sendFailure(res, new Failure("NOT_FOUND", "There is nothing at this address."));

const answerUnforeseen =
  (onError: (error: unknown) => void): ErrorRequestHandler =>
  (error, _req, res, next) => {
    if (res.headersSent) return next(error);
    const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
    if (status >= 400 && status < 500)
      return sendFailure(res, new Failure(status === 404 ? "NOT_FOUND" : "BAD_USER_INPUT", "The request cannot be answered."), status);
    onError(error);
    sendFailure(res, new Failure("INTERNAL", "Something went wrong that Holdfast did not foresee.", "The server's log has the details."));
  };
