import type { IncomingHttpHeaders } from "node:http";
import { type Request, type Response, Router, text as readText } from "express";
import { roles } from "../../shared/enums.ts";
import type { Actor } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import { createAttempts } from "../services/attempts.ts";
import type { Audit } from "../services/audit.ts";
import type { Tokens } from "../services/tokens.ts";
import { addressHeader, createBetterAuth, type SessionSettings } from "./better-auth.ts";
import { createOriginCheck, type OriginCheck } from "./origin.ts";
import { refusals, refuseForeign, sendFailure, sendTooMany } from "./refusals.ts";

export interface AuthDependencies extends SessionSettings {
  readonly tokens: Pick<Tokens, "actorOf">;
  /** Sign-ins are written down there. */
  readonly audit: Audit;
  readonly now: () => Date;
}

export interface Auth {
  /** For `app.use`: sign-in, sign-out and get-session under /api/auth, and nothing else there. Reads its own bodies. */
  readonly handler: Router;
  /** Who asks, by `Authorization: Bearer SECRET` or else by the session cookie; null for nobody. A bad bearer is nobody, whatever the cookie. */
  actorOfRequest(headers: IncomingHttpHeaders): Promise<Actor | null>;
  /** Whether the credentials that once gave `actor` still do, with the same role: to be asked now and then while a socket is open. */
  stillActor(headers: IncomingHttpHeaders, actor: Actor): Promise<boolean>;
  /** For whatever a browser asks with its cookies: mutations, and the WebSocket's upgrade. */
  readonly originAllowed: OriginCheck;
  /** A new session: the Set-Cookie lines that give it to the browser. */
  signIn(req: Request, email: string, password: string): Promise<readonly string[]>;
}

const bodyLimit = "16kb";
const signInPath = "/api/auth/sign-in/email";

/** Sign-in by email and password for people, bearer secrets for programs. */
export function createAuth({ tokens, audit, now, ...settings }: AuthDependencies): Auth {
  const auth = createBetterAuth(settings, createAttempts(now));
  const originAllowed = createOriginCheck(settings.publicUrl);

  /** What better-auth sees of a request that passed our own checks. */
  const headersFor = ({ headers, ip }: Request) =>
    new Headers({
      origin: new URL(settings.publicUrl).origin,
      "content-type": "application/json",
      "user-agent": headers["user-agent"] ?? "",
      ...(headers.cookie ? { cookie: headers.cookie } : {}),
      ...(ip ? { [addressHeader]: ip } : {}),
    });

  async function forward(req: Request, res: Response) {
    const reading = req.method === "GET";
    if (!reading) refuseForeign(req, originAllowed);
    const body = typeof req.body === "string" && req.body ? req.body : "{}";
    const url = new URL(req.path, settings.publicUrl);
    const answer = await auth.handler(new Request(url, { method: req.method, headers: headersFor(req), ...(reading ? {} : { body }) }));
    if (answer.status === 429) return sendTooMany(res, Number(answer.headers.get("x-retry-after")));
    if (!answer.ok) return sendFailure(res, failureFor(answer.status), answer.status);
    const cookies = answer.headers.getSetCookie();
    for (const cookie of cookies) res.append("set-cookie", cookie);
    if (req.path === signInPath) await noteSignIn(cookies);
    res
      .status(answer.status)
      .set({ "cache-control": "no-store", "content-type": "application/json" })
      .send(await answer.text());
  }

  /** Who signed in is who the new session says it is. */
  async function noteSignIn(cookies: readonly string[]): Promise<void> {
    const actor = await actorOfRequest({ cookie: cookies.map((cookie) => cookie.split(";")[0]).join("; ") });
    if (actor) await audit.record(actor, "user.signIn", actor.name);
  }

  const handler = Router();
  const body = readText({ type: () => true, limit: bodyLimit });
  handler.post(signInPath, body, forward);
  handler.post("/api/auth/sign-out", body, forward);
  handler.get("/api/auth/get-session", forward);
  handler.use("/api/auth", () => {
    throw new Failure("NOT_FOUND", "There is nothing at this address.");
  });
  handler.use(refusals);

  async function actorOfRequest({ authorization, cookie }: IncomingHttpHeaders): Promise<Actor | null> {
    // Other schemes are for a proxy in front of us, which passes them on.
    if (authorization && /^bearer\b/i.test(authorization)) {
      const [, bearer] = /^bearer +(\S+)$/i.exec(authorization.trim()) ?? [];
      return bearer ? tokens.actorOf(bearer) : null;
    }
    if (!cookie) return null;
    const session = await auth.api.getSession({ headers: new Headers({ cookie }) });
    const role = roles.find((each) => each === session?.user.role);
    if (!session || !role) return null;
    const { id, name, email } = session.user;
    return { kind: "user", id, name, email, role };
  }

  return {
    handler,
    originAllowed,
    actorOfRequest,
    async stillActor(headers, actor) {
      const present = await actorOfRequest(headers);
      return present?.role === actor.role && present.kind === actor.kind && "id" in present && "id" in actor && present.id === actor.id;
    },
    async signIn(req, email, password) {
      const { headers } = await auth.api.signInEmail({ body: { email, password }, headers: headersFor(req), returnHeaders: true });
      await noteSignIn(headers.getSetCookie());
      return headers.getSetCookie();
    },
  };
}

function failureFor(status: number): Failure {
  if (status === 401) return new Failure("UNAUTHENTICATED", "The email address or the password is wrong.");
  if (status >= 500) return new Failure("INTERNAL", "Something went wrong.", "Try again. If it stays, look into the server's log.");
  return new Failure("BAD_USER_INPUT", "This is not an email address with a password.", "Send `email` and `password` as JSON.");
}
