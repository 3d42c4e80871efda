import type { ExecutionArgs, GraphQLSchema } from "graphql";
import { createSofa, createSofaRouter } from "sofa-api";
import type { Context } from "../../api/context.ts";
import { formatError } from "../../api/errors.ts";
import { badInput } from "../../domain/errors.ts";
import { statusOf } from "../refusals.ts";
import { type Asked, answered } from "./answers.ts";
import type { RestRoute } from "./routes.ts";

interface Dependencies {
  /** Flat: see flat-schema.ts. */
  readonly schema: GraphQLSchema;
  readonly routes: readonly RestRoute[];
  readonly onError: (error: unknown) => void;
}

export interface Generated {
  /** Answers one request with these arguments of the API, as JSON. */
  answer(
    asked: Asked,
    values: Readonly<Record<string, unknown>>,
    context: Context,
  ): Promise<{ readonly status: number; readonly body: string }>;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

interface ServerContext {
  readonly asked: Asked;
  readonly api: Context;
  /** How the API refused, when it did; in an object of its own, because the library copies what is around it. */
  readonly outcome: { refusal: Answer | null };
}

/** REST as sofa-api generates it from the schema: documents, addresses and arguments. Nothing of it reaches the network by itself. */
export function generatedRest({ schema, routes, onError }: Dependencies): Generated {
  const refusalOf = (error: unknown): Answer => {
    const { message, extensions } = formatError(error, onError);
    return { status: statusOf(extensions?.code), body: JSON.stringify({ error: { message, ...extensions } }) };
  };
  const sofa = createSofa({
    schema,
    basePath: "/api",
    routes: Object.fromEntries(routes.map(({ operation, field, ...route }) => [`${operation}.${field.name}`, route])),
    context: (server) => server,
    execute: async (request: ExecutionArgs) => {
      const server = request.contextValue as ServerContext;
      try {
        const { data, errors } = await answered({ ...request, contextValue: server.api }, server.asked);
        if (data && !errors) return { data };
        server.outcome.refusal = refusalOf(errors?.[0]);
      } catch (error) {
        server.outcome.refusal = refusalOf(error);
      }
      return {};
    },
  });
  // The schema is flat, so a noun within an answer is shown whole; what is a reference is one in the schema.
  const router = createSofaRouter({ ...sofa, models: [] });
  return {
    async answer(asked, values, context) {
      const { method, path } = asked.route;
      const url = new URL(`http://rest/api${path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(values[name])))}`);
      const bodily = method !== "GET" && method !== "DELETE";
      if (!bodily)
        for (const [name, value] of Object.entries(values)) for (const text of textsOf(value)) url.searchParams.append(name, text);
      const request = new Request(url, { method, ...(bodily ? { body: JSON.stringify(values) } : {}) });
      const server: ServerContext = { asked, api: context, outcome: { refusal: null } };
      const answer = await router.fetch(request, server);
      const body = await answer.text();
      if (server.outcome.refusal) return server.outcome.refusal;
      // What the library itself refuses is an argument that is not of its type.
      return answer.ok ? { status: answer.status, body } : refusalOf(badInput(messageIn(body)));
    },
  };
}

const messageIn = (body: string) =>
  (JSON.parse(body) as { errors?: readonly { message?: string }[] }).errors?.[0]?.message ?? "An argument is not of its type.";

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : [typeof value === "object" ? JSON.stringify(value) : String(value)];
