import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Actor } from "../../server/domain/access.ts";
import type { ApiTokenId } from "../../server/domain/ids.ts";
import { createAudit } from "../../server/services/audit.ts";
import { createTokens } from "../../server/services/tokens.ts";
import { freshCatalog } from "../support/catalog.ts";

const admin: Actor = { kind: "cli", name: "root", role: "ADMIN" };
const start = new Date("2026-11-22T03:00:00.000Z");

let fresh: Awaited<ReturnType<typeof freshCatalog>>;
let at = start;
let tokens: ReturnType<typeof createTokens>;
beforeAll(async () => {
  fresh = await freshCatalog();
  tokens = createTokens({ db: fresh.catalog.db, audit: createAudit({ db: fresh.catalog.db, now: () => at }), now: () => at });
});
afterAll(() => fresh[Symbol.asyncDispose]());
beforeEach(() => {
  at = start;
});

const later = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const lastUsed = async (id: ApiTokenId) => (await tokens.list(admin)).find((token) => token.id === id)?.lastUsedAt;

describe("API tokens", () => {
  it("act for whoever holds the secret, with the role they were given", async () => {
    const { apiToken, secret } = await tokens.create(admin, { name: " nightly ", role: "OPERATOR", expiresAt: null });
    expect(secret).toMatch(/^hf_[A-Za-z0-9_-]{43}$/);
    expect(await tokens.actorOf(secret)).toEqual({ kind: "token", id: apiToken.id, name: "nightly", role: "OPERATOR" });
  });

  it("are nobody with a secret that is short, long, changed or of other letters", async () => {
    const { secret } = await tokens.create(admin, { name: "a", role: "VIEWER", expiresAt: null });
    const changed = secret.slice(0, -4) + (secret.endsWith("AAAA") ? "BBBB" : "AAAA");
    for (const wrong of [
      "",
      "hf_",
      secret.slice(0, -1),
      `${secret}A`,
      ` ${secret}`,
      secret.slice(3),
      changed,
      secret.toUpperCase(),
      "' OR 1=1",
    ])
      expect(await tokens.actorOf(wrong), wrong).toBeNull();
  });

  it("end at their expiry and with their revocation", async () => {
    const { secret } = await tokens.create(admin, { name: "short", role: "VIEWER", expiresAt: later(60) });
    at = later(59.999);
    expect(await tokens.actorOf(secret)).not.toBeNull();
    at = later(60);
    expect(await tokens.actorOf(secret)).toBeNull();

    const other = await tokens.create(admin, { name: "revoked", role: "VIEWER", expiresAt: null });
    await tokens.revoke(admin, other.apiToken.id);
    expect(await tokens.actorOf(other.secret)).toBeNull();
    await expect(tokens.revoke(admin, other.apiToken.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("note their last use, at most once a minute", async () => {
    const { apiToken, secret } = await tokens.create(admin, { name: "used", role: "VIEWER", expiresAt: null });
    expect(await lastUsed(apiToken.id)).toBeNull();
    for (const [seconds, noted] of [
      [1, 1],
      [60, 1],
      [61, 1],
      [62, 62],
      [100, 62],
    ] as const) {
      at = later(seconds);
      await tokens.actorOf(secret);
      expect(await lastUsed(apiToken.id), `at ${seconds}`).toEqual(later(noted));
    }
  });

  it("are kept and listed without their secret", async () => {
    const { secret, apiToken } = await tokens.create(admin, { name: "canary", role: "ADMIN", expiresAt: null });
    const [rows] = await fresh.catalog.pool.query("SELECT * FROM api_tokens");
    expect(JSON.stringify(rows)).toContain("canary");
    expect(JSON.stringify(rows)).not.toContain(secret.slice(3));
    expect(Object.keys(apiToken)).not.toContain("secretHash");
    expect((await tokens.list(admin)).flatMap(Object.keys)).not.toContain("secretHash");
  });

  it.each([
    ["no name", { name: "  ", role: "VIEWER", expiresAt: null }],
    ["a name too long", { name: "x".repeat(121), role: "VIEWER", expiresAt: null }],
    ["a name of two lines", { name: "a\nb", role: "VIEWER", expiresAt: null }],
    ["an unknown role", { name: "a", role: "ROOT", expiresAt: null }],
    ["an expiry now", { name: "a", role: "VIEWER", expiresAt: start }],
    ["an expiry that is no date", { name: "a", role: "VIEWER", expiresAt: new Date(Number.NaN) }],
  ])("are refused with %s", async (_, request) => {
    await expect(tokens.create(admin, request as never)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  it("are an administrator's business", async () => {
    const operator: Actor = { kind: "token", id: "1", name: "o", role: "OPERATOR" };
    const request = { name: "a", role: "VIEWER", expiresAt: null } as const;
    for (const [actor, code] of [
      [operator, "FORBIDDEN"],
      [null, "UNAUTHENTICATED"],
    ] as const) {
      await expect(tokens.create(actor, request)).rejects.toMatchObject({ code });
      await expect(tokens.list(actor)).rejects.toMatchObject({ code });
      await expect(tokens.revoke(actor, "x" as ApiTokenId)).rejects.toMatchObject({ code });
    }
  });
});
