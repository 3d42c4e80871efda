import { Client, fetchExchange, mapExchange, type Operation, subscriptionExchange } from "@urql/core";
import { createClient as createSocket, type Client as Socket } from "graphql-ws";
import { isSignedOut } from "../lib/failures.ts";
import { cache } from "./cache.ts";

/** What the rest of the dashboard is told about the line to the server. */
export interface LineEvents {
  readonly onSignedOut: () => void;
  readonly onOpen: () => void;
  readonly onLost: () => void;
}
export interface Line {
  readonly client: Client;
  /** Asks again for everything that is on the screen. */
  readonly refresh: () => void;
  readonly close: () => void;
}

/** One line to the server: queries and mutations over HTTP, subscriptions over a WebSocket that mends itself. */
export function openLine(events: LineEvents): Line {
  const socket = openSocket(events);
  const shown = new Map<number, Operation>();
  const client = new Client({
    url: "/graphql",
    preferGetMethod: false,
    requestPolicy: "cache-and-network",
    fetchOptions: { credentials: "same-origin", headers: { "apollo-require-preflight": "true" } },
    exchanges: [
      mapExchange({
        onOperation(operation) {
          if (operation.kind === "query") shown.set(operation.key, operation);
          if (operation.kind === "teardown") shown.delete(operation.key);
        },
        onError: (error) => (isSignedOut(error) ? events.onSignedOut() : undefined),
      }),
      cache(),
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables: variables ?? {} }, sink) }),
        }),
      }),
      fetchExchange,
    ],
  });
  const refresh = () => {
    for (const query of shown.values())
      client.reexecuteOperation(client.createRequestOperation("query", query, { requestPolicy: "network-only" }));
  };
  return { client, refresh, close: () => void socket.dispose() };
}

const signInAgain = [4401, 4403];

function openSocket({ onOpen, onLost, onSignedOut }: LineEvents): Socket {
  let silence: ReturnType<typeof setTimeout> | undefined;
  const socket = createSocket({
    url: new URL("/graphql", location.href.replace(/^http/, "ws")).href,
    keepAlive: 12_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (tries) => new Promise((done) => setTimeout(done, Math.min(8000, 400 * 2 ** tries) + Math.random() * 300)),
    shouldRetry: () => true,
    on: {
      connected: onOpen,
      closed(event) {
        clearTimeout(silence);
        if (signInAgain.includes(closeCode(event))) onSignedOut();
        else onLost();
      },
      ping(received) {
        // A line that died without a word is closed when our ping stays unanswered.
        if (!received) silence = setTimeout(() => socket.terminate(), 6000);
      },
      pong(received) {
        if (received) clearTimeout(silence);
      },
    },
  });
  return socket;
}

const closeCode = (event: unknown): number =>
  typeof event === "object" && event !== null && "code" in event && typeof event.code === "number" ? event.code : 0;
