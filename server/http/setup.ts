import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import { Router, json as readJson } from "express";
import { z } from "zod";
import { badInput, Failure } from "../domain/errors.ts";
import { createAttempts } from "../services/attempts.ts";
import type { Users } from "../services/users.ts";
import type { Auth } from "./auth.ts";
import { refusals, refuseForeign, sendTooMany } from "./refusals.ts";

export interface SetupDependencies {
  readonly users: Pick<Users, "needsSetup" | "createFirstAdministrator">;
  readonly auth: Pick<Auth, "signIn" | "originAllowed">;
  readonly now: () => Date;
}

export interface Setup {
  /** For `app.use`: /api/setup. */
  readonly handler: Router;
  /** The one-time code to print in the log, as XXXX-XXXX: made by the first call, the same until it is used; null when there is a user already. */
  code(): Promise<string | null>;
}

const attemptLimit = { max: 10, window: 60 };
// Without the letters and digits that are taken for each other.
const alphabet = "ABCDEFGHJKMNPQRSTVWXYZ23456789";
const form = z.object({ code: z.string(), name: z.string(), email: z.string(), password: z.string() });

/** The dashboard's first visit: whoever can read the server's log makes the first administrator, once. */
export function createSetup({ users, auth, now }: SetupDependencies): Setup {
  const attempts = createAttempts(now);
  let code: string | null = null;

  const handler = Router();
  handler.get("/api/setup", async (_req, res) => {
    res.set("cache-control", "no-store").json({ needed: await users.needsSetup() });
  });
  handler.post("/api/setup", readJson({ limit: "16kb" }), async (req, res) => {
    refuseForeign(req, auth.originAllowed);
    const wait = attempts.take(req.ip ?? "", attemptLimit);
    if (wait > 0) return sendTooMany(res, wait);
    const account = parseForm(req.body);
    if (!(await users.needsSetup())) throw new Failure("CONFLICT", "Holdfast is set up already.", "Sign in.");
    if (code === null || !sameCode(account.code, code))
      throw new Failure("FORBIDDEN", "The set-up code is wrong.", "The server prints it in its log at each start; take the latest one.");
    const user = await users.createFirstAdministrator(account);
    code = null;
    for (const cookie of await auth.signIn(req, user.email, account.password)) res.append("set-cookie", cookie);
    const { id, name, email, role } = user;
    res.status(201).set("cache-control", "no-store").json({ user: { id, name, email, role } });
  });
  handler.use("/api/setup", refusals);

  return {
    handler,
    async code() {
      if (!(await users.needsSetup())) return null;
      code ??= makeCode();
      return code;
    },
  };
}

function parseForm(body: unknown) {
  const parsed = form.safeParse(body);
  if (!parsed.success) throw badInput("The set-up needs a code, a name, an email address and a password.");
  return parsed.data;
}

function makeCode(): string {
  const letters = Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join("");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** However it was typed: case, spaces and the hyphen do not count. */
const sameCode = (typed: string, code: string) => timingSafeEqual(digest(typed), digest(code));
const digest = (code: string) =>
  createHash("sha256")
    .update(code.toUpperCase().replace(/[^A-Z0-9]/g, ""))
    .digest();
