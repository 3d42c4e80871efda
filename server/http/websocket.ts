import type { IncomingHttpHeaders, Server } from "node:http";
import type { GraphQLSchema } from "graphql";
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import { type WebSocket, WebSocketServer } from "ws";
import { formatError } from "../api/errors.ts";
import type { Actor } from "../domain/access.ts";
import type { Auth } from "./auth.ts";
import type { ContextFor } from "./graphql.ts";

interface Dependencies {
  readonly schema: GraphQLSchema;
  readonly server: Server;
  readonly auth: Pick<Auth, "actorOfRequest" | "stillActor" | "originAllowed">;
  readonly contextFor: ContextFor;
  readonly onError: (error: unknown) => void;
}

interface Credentials {
  readonly headers: IncomingHttpHeaders;
  readonly actor: Actor;
}

/** A revoked session or token closes its sockets within this time. */
const recheckMilliseconds = 30_000;
const maximumFrame = 64 * 1024;

/** GET /graphql as a WebSocket: subscriptions, for whoever the HTTP API would answer too. */
export function serveWebsocket({ schema, server, auth, contextFor, onError }: Dependencies): { stop(): Promise<void> } {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maximumFrame,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false),
  });
  server.on("upgrade", (request, socket, head) => {
    const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    socket.on("error", () => {});
    if (new URL(request.url ?? "/", "http://localhost").pathname !== "/graphql") return refuse("404 Not Found");
    if (!auth.originAllowed(request.headers)) return refuse("403 Forbidden");
    sockets.handleUpgrade(request, socket, head, (open) => sockets.emit("connection", open, request));
  });

  const open = new Map<WebSocket, Credentials>();
  const live = useServer<Record<string, unknown>>(
    {
      schema,
      connectionInitWaitTimeout: 5000,
      async onConnect({ connectionParams, extra: { socket, request } }) {
        const given = connectionParams?.authorization ?? connectionParams?.Authorization;
        const headers: IncomingHttpHeaders =
          typeof given === "string" ? { authorization: given } : { cookie: request.headers.cookie ?? "" };
        const actor = await auth.actorOfRequest(headers);
        if (actor) open.set(socket, { headers, actor });
        else socket.close(CloseCode.Unauthorized, "Unauthorized");
        return actor !== null;
      },
      onClose: ({ extra: { socket } }) => void open.delete(socket),
      context: ({ extra: { socket } }) => contextFor(open.get(socket)?.actor ?? null),
      onError: (_context, _id, _payload, errors) => errors.map((error) => formatError(error, onError)),
      onNext: (_context, _id, _payload, _args, result) =>
        result.errors && { ...result, errors: result.errors.map((error) => formatError(error, onError)) },
    },
    sockets,
    12_000,
  );

  async function recheck(): Promise<void> {
    for (const [socket, { headers, actor }] of open)
      if (!(await auth.stillActor(headers, actor))) socket.close(CloseCode.Unauthorized, "Unauthorized");
  }
  const timer = setInterval(() => void recheck().catch(onError), recheckMilliseconds);
  return {
    async stop() {
      clearInterval(timer);
      await live.dispose();
    },
  };
}
