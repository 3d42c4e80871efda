import express, { type Request, type Response, Router } from "express";
import type { GraphQLSchema } from "graphql";
import type { Actor } from "../domain/access.ts";
import { badInput, Failure } from "../domain/errors.ts";
import type { Services } from "../services/services.ts";
import type { Auth } from "./auth.ts";
import type { ContextFor } from "./graphql.ts";
import { refusals, refuseForeign } from "./refusals.ts";
import { fromBody, fromQuery } from "./rest/arguments.ts";
import { flatSchema } from "./rest/flat-schema.ts";
import { generatedRest } from "./rest/generated.ts";
import { openApiDocument } from "./rest/openapi.ts";
import { openApiPage } from "./rest/page.ts";
import { type RestRoute, restRoutes } from "./rest/routes.ts";
import { changedSchedule } from "./rest/schedule-change.ts";
import { uploadAndRestore } from "./rest/upload-and-restore.ts";

interface Dependencies {
  readonly schema: GraphQLSchema;
  readonly services: Services;
  readonly auth: Pick<Auth, "actorOfRequest" | "originAllowed">;
  readonly contextFor: ContextFor;
  readonly onError: (error: unknown) => void;
}

const bodyLimit = "1mb";

const introduction =
  "The same queries and changes as the GraphQL API at /graphql, for scripts. Send an API token as Authorization: Bearer SECRET. " +
  "A slash at the end of an address may be left out. Lists answer count, results, and next: the address of the next page. " +
  "Where one noun stands in another one's answer, its id and name stand there. Errors answer {error: {code, message, hint}}.";

/** /api/…: the API as REST, its OpenAPI document and a page of it. For whoever the GraphQL API would answer too. */
export function serveRest({ schema, services, auth, contextFor, onError }: Dependencies): Router {
  const flat = flatSchema(schema);
  const routes = restRoutes(flat);
  const rest = generatedRest({ schema: flat, routes, onError });
  const document = openApiDocument(flat, routes, introduction);
  const page = openApiPage(document);
  const router = Router();

  router.get("/api/openapi.json", (_req, res) => void res.json(document));
  router.get(["/api", "/api/docs"], (_req, res) => void res.type("html").send(page));

  router.post("/api/restores/upload_and_restore", async (req, res) => {
    const actor = await auth.actorOfRequest(req.headers);
    demandOwnPage(req, actor, auth);
    const id = await uploadAndRestore(req, actor, services);
    await send(req, res, demandRoute("GET", "/restores/x"), { id }, actor, 202);
  });

  router.patch("/api/schedules/:id", express.json({ limit: bodyLimit }), async (req, res) => {
    refuseForeign(req, auth.originAllowed);
    const actor = await auth.actorOfRequest(req.headers);
    const id = String(req.params.id);
    const input = await changedSchedule(schema, contextFor(actor), id, objectOf(req.body));
    await send(req, res, demandRoute("PUT", `/schedules/${id}`), { id, input }, actor);
  });

  router.all(/^\/api\/./, express.json({ limit: bodyLimit }), async (req, res) => {
    const path = req.path.slice("/api".length).replace(/\/$/, "");
    const method = req.method === "HEAD" ? "GET" : req.method;
    const route = routeFor(method, path);
    if (!route) return refuse(res, path);
    if (method !== "GET") refuseForeign(req, auth.originAllowed);
    const actor = await auth.actorOfRequest(req.headers);
    const { searchParams } = addressOf(req);
    const values = method === "GET" || method === "DELETE" ? fromQuery(route, searchParams) : fromBody(route, objectOf(req.body));
    await send(req, res, route, { ...values, ...argumentsInPath(route, path) }, actor);
  });
  router.use("/api", refusals);
  return router;

  async function send(req: Request, res: Response, route: RestRoute, values: Record<string, unknown>, actor: Actor | null, begun?: number) {
    const { status, body } = await rest.answer({ route, url: addressOf(req) }, values, contextFor(actor));
    res.status(status === 200 && begun ? begun : status).set({ "cache-control": "no-store", "content-type": "application/json" });
    res.send(body);
  }

  function routeFor(method: string, path: string): RestRoute | undefined {
    return routes.find((route) => route.method === method && argumentsInPath(route, path) !== null);
  }

  function demandRoute(method: string, path: string): RestRoute {
    const route = routeFor(method, path);
    if (!route) throw new Error(`There is no route ${method} ${path}`);
    return route;
  }

  function refuse(res: Response, path: string): void {
    const allowed = routes.filter((route) => argumentsInPath(route, path) !== null).map(({ method }) => method);
    if (allowed.length === 0) throw new Failure("NOT_FOUND", "There is nothing at this address.", "/api/docs/ lists what there is.");
    res.set("allow", allowed.join(", "));
    res.status(405).json({ error: { code: "BAD_USER_INPUT", message: `This address knows ${allowed.join(", ")} only.` } });
  }
}

const addressOf = (req: Request) => new URL(req.originalUrl, "http://rest");

/** The arguments that stand in a path; null when it is another route's. A fixed word goes before an argument: no id is one. */
function argumentsInPath({ path: pattern }: RestRoute, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = decoded(given[index] ?? "");
    if (part.startsWith(":") && text) found[part.slice(1)] = text;
    else if (part !== text) return null;
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badInput("The address cannot be read.");
  }
}

/** A page may send files with its cookies only when it is ours, and says so by a header that no plain form can send. */
function demandOwnPage(req: Request, actor: Actor | null, { originAllowed }: Pick<Auth, "originAllowed">): void {
  if (actor?.kind === "user" && (!originAllowed(req.headers) || !req.get("x-requested-with")))
    throw new Failure(
      "FORBIDDEN",
      "This page does not belong to this Holdfast.",
      "Programs send an API token; pages of ours X-Requested-With.",
    );
}

function objectOf(body: unknown): Record<string, unknown> {
  if (body === undefined) return {};
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw badInput("The body is no JSON object.");
  return { ...body };
}
