import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { authStore } from "../../server/db/users.ts";
import type { Actor } from "../../server/domain/access.ts";
import { createAuth } from "../../server/http/auth.ts";
import { createSetup } from "../../server/http/setup.ts";
import { createAudit } from "../../server/services/audit.ts";
import { createTokens } from "../../server/services/tokens.ts";
import { createUsers } from "../../server/services/users.ts";
import type { Role } from "../../shared/enums.ts";
import { freshCatalog } from "./catalog.ts";

export const admin: Actor = { kind: "cli", name: "root", role: "ADMIN" };
export const password = "correct horse battery";
/** What signs the cookies unless a test says otherwise. */
export const secret = "0123456789abcdefghijklmnopqrstuvwxyz-_ABCDE";

interface Options {
  readonly publicUrl?: string;
  readonly secret?: string;
  readonly catalog?: Awaited<ReturnType<typeof freshCatalog>>;
}

/** Our HTTP routes on a port of their own and a real catalog, with a clock that stands still until it is set. */
export async function serveAuth(options: Options = {}) {
  const fresh = options.catalog ?? (await freshCatalog());
  const clock = { at: new Date() };
  const now = () => clock.at;
  const { db, pool } = fresh.catalog;
  const audit = createAudit({ db, now });
  const [users, tokens] = [createUsers({ db, audit, now }), createTokens({ db, audit, now })];
  const app = express();
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const log: string[] = [];
  const auth = createAuth({
    store: authStore(db),
    tokens,
    audit,
    secret: options.secret ?? secret,
    publicUrl: options.publicUrl ?? url,
    now,
    log: (_, message) => log.push(message),
  });
  const setup = createSetup({ users, auth, now });
  app.use(setup.handler, auth.handler);
  app.get("/whoami", async (req, res) => void res.json(await auth.actorOfRequest(req.headers)));
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return {
    ...{ url, pool, users, tokens, audit, auth, setup, clock, log, fresh, post },
    signIn: (email: string, given = password, headers = {}) => post("/api/auth/sign-in/email", { email, password: given }, headers),
    whoami: async (headers: Record<string, string>): Promise<Actor | null> =>
      (await (await fetch(`${url}/whoami`, { headers })).json()) as Actor | null,
    addUser: (email: string, role: Role = "ADMIN") => users.create(admin, { name: "Ada", email, password, role }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      if (!options.catalog) await fresh[Symbol.asyncDispose]();
    },
  };
}
export type Served = Awaited<ReturnType<typeof serveAuth>>;

/** The Cookie header for what the answer set. */
export const cookieOf = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
/** The failure that the answer holds. */
export const errorOf = async (answer: Response) =>
  ((await answer.json()) as { error: { code: string; message: string; hint?: string } }).error;
