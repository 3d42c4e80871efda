import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor } from "../../server/domain/access.ts";
import { createAudit } from "../../server/services/audit.ts";
import { createTokens } from "../../server/services/tokens.ts";
import { freshCatalog } from "../support/catalog.ts";

const administrator: Actor = { kind: "cli", name: "root", role: "ADMIN" };
const operator: Actor = { kind: "token", id: "1", name: "deploy", role: "OPERATOR" };

describe("the audit", () => {
  let at = new Date("2026-11-22T03:00:00Z");
  let fresh: Awaited<ReturnType<typeof freshCatalog>>;
  let audit: ReturnType<typeof createAudit>;
  let tokens: ReturnType<typeof createTokens>;
  beforeAll(async () => {
    fresh = await freshCatalog();
    const { db } = fresh.catalog;
    audit = createAudit({ db, now: () => at });
    tokens = createTokens({ db, audit, now: () => at });
  });
  afterAll(() => fresh[Symbol.asyncDispose]());

  it("says who changed what, newest first and page by page", async () => {
    for (const name of ["one", "two", "three"]) {
      at = new Date(at.getTime() + 1000);
      await audit.record(operator, "schedule.create", name, { days: 7 });
    }
    const first = await audit.page(administrator, 2, null);
    const second = await audit.page(administrator, 2, first.endCursor);
    expect(first.totalCount).toBe(3);
    expect([...first.nodes, ...second.nodes].map(({ subject }) => subject)).toEqual(["three", "two", "one"]);
    expect(first.nodes[0]).toMatchObject({ actor: "API token deploy", action: "schedule.create", details: { days: 7 }, createdAt: at });
  });

  it("keeps out what is named like a secret, however deep", async () => {
    at = new Date(at.getTime() + 1000);
    await audit.record(administrator, "source.create", "Shop", {
      database: { user: "shop", password: "hunter2" },
      apiToken: "x",
      keepLast: 3,
    });
    expect((await audit.page(administrator, 1, null)).nodes[0]?.details).toEqual({ database: { user: "shop" }, keepLast: 3 });
  });

  it("names a token that was made and revoked, and not its secret", async () => {
    const { apiToken, secret } = await tokens.create(administrator, { name: "ci", role: "VIEWER", expiresAt: null });
    await tokens.revoke(administrator, apiToken.id);
    const { nodes } = await audit.page(administrator, 50, null);
    const own = nodes.filter(({ subject }) => subject === "ci").map(({ action }) => action);
    expect(own.sort()).toEqual(["apiToken.create", "apiToken.revoke"]);
    expect(JSON.stringify(nodes)).not.toContain(secret);
  });

  it("is for administrators alone", async () => {
    await expect(audit.page(operator, 10, null)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(audit.page(null, 10, null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
