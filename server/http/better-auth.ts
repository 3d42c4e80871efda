import { type BetterAuthOptions, betterAuth } from "better-auth";
import { limits } from "../../shared/limits.ts";
import { newId } from "../domain/ids.ts";
import type { Attempts } from "../services/attempts.ts";
import { hashPassword, passwordMatches } from "../services/passwords.ts";

export interface SessionSettings {
  /** `authStore(db)`. */
  readonly store: NonNullable<BetterAuthOptions["database"]>;
  /** Signs the cookies; from the key file, so that a copy of the catalog alone lets nobody in. */
  readonly secret: string;
  /** Where people open the dashboard. With https the cookie is for TLS only. */
  readonly publicUrl: string;
  readonly log?: ((level: "warn" | "error", message: string) => void) | undefined;
}

/** The header by which better-auth learns the client's address: we set it, it is never taken from outside. */
export const addressHeader = "x-holdfast-address";

/** In seconds, from the sign-in; using a session does not prolong it. */
const sessionLifetime = 7 * 24 * 3600;

/** better-auth for email and password over our tables, with nothing taken from the environment and nobody signing up. */
export const createBetterAuth = ({ store, secret, publicUrl, log }: SessionSettings, attempts: Attempts) =>
  betterAuth({
    appName: "Holdfast",
    baseURL: new URL(publicUrl).origin,
    basePath: "/api/auth",
    // As a list, since better-auth would prefer a list in the environment to a single secret.
    secrets: [{ version: 1, value: secret }],
    secret,
    database: store,
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: limits.passwordMinimum,
      maxPasswordLength: limits.passwordMaximum,
      password: { hash: hashPassword, verify: ({ hash, password }) => passwordMatches(hash, password) },
    },
    user: { additionalFields: { role: { type: "string", required: true, input: false, defaultValue: "VIEWER" } } },
    session: { expiresIn: sessionLifetime, disableSessionRefresh: true },
    rateLimit: {
      enabled: true,
      customRules: { "/sign-in/email": { window: 60, max: 10 } },
      customStorage: {
        consume: async (key, rule) => {
          const wait = attempts.take(key, rule);
          return { allowed: wait === 0, retryAfter: wait };
        },
      },
    },
    advanced: {
      ...cookiesFor(publicUrl),
      database: { generateId: () => newId() },
      ipAddress: { ipAddressHeaders: [addressHeader] },
      // Its defaults leave these out when NODE_ENV is test.
      disableCSRFCheck: false,
      disableOriginCheck: false,
    },
    telemetry: { enabled: false },
    experimental: { instrumentation: { enabled: false } },
    // Only the message: what else it logs may hold the request.
    logger: log ? { log: (level, message) => (level === "error" || level === "warn") && log(level, message) } : { disabled: true },
  });

/** With TLS, under a name that browsers accept only with Secure, for the whole host and from this host alone. */
function cookiesFor(publicUrl: string) {
  const secure = new URL(publicUrl).protocol === "https:";
  return {
    useSecureCookies: false,
    cookiePrefix: "holdfast",
    cookies: { session_token: { name: secure ? "__Host-holdfast" : "holdfast" } },
    defaultCookieAttributes: { httpOnly: true, sameSite: "strict", secure, path: "/" },
  } as const;
}
