import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Actor } from "../../server/domain/access.ts";
import { createAudit } from "../../server/services/audit.ts";
import { generatePassword, hashPassword, passwordMatches } from "../../server/services/passwords.ts";
import { createUsers } from "../../server/services/users.ts";
import { freshCatalog } from "../support/catalog.ts";

const admin: Actor = { kind: "cli", name: "root", role: "ADMIN" };
const now = () => new Date("2026-11-22T03:00:00.000Z");
const password = "correct horse battery";
const ada = { name: "Ada", email: "Ada@Example.com ", password };

describe("users", () => {
  let fresh: Awaited<ReturnType<typeof freshCatalog>>;
  let users: ReturnType<typeof createUsers>;
  beforeAll(async () => {
    fresh = await freshCatalog();
    users = createUsers({ db: fresh.catalog.db, audit: createAudit({ db: fresh.catalog.db, now }), now });
  });
  beforeEach(() => fresh.catalog.pool.query("DELETE FROM users"));
  afterAll(() => fresh[Symbol.asyncDispose]());

  it("begin with one administrator, however many are made at the same moment", async () => {
    expect(await users.needsSetup()).toBe(true);
    const made = await Promise.allSettled(
      Array.from({ length: 8 }, (_, each) => users.createFirstAdministrator({ ...ada, email: `ada${each % 4}@example.com` })),
    );
    const refused = made.filter((each) => each.status === "rejected").map(({ reason }) => reason.code);
    expect(refused).toEqual(Array(7).fill("CONFLICT"));
    expect(await users.list(admin)).toEqual([expect.objectContaining({ name: "Ada", role: "ADMIN" })]);
    expect(await users.needsSetup()).toBe(false);
  });

  it("begin with the administrator of the settings only while there is nobody", async () => {
    expect(await users.ensureAdministrator("root@example.com", password)).toBe(true);
    expect(await users.ensureAdministrator("other@example.com", password)).toBe(false);
    expect((await users.list(admin)).map(({ email }) => email)).toEqual(["root@example.com"]);
  });

  it("are made by an administrator, one for each address, and kept without their password", async () => {
    const made = await users.create(admin, { ...ada, role: "VIEWER" });
    expect(made).toEqual({ id: expect.any(String), name: "Ada", email: "ada@example.com", role: "VIEWER", createdAt: now() });
    await expect(users.create(admin, { ...ada, email: "ADA@example.com", role: "ADMIN" })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await users.list(admin)).toEqual([made]);
    const [rows] = await fresh.catalog.pool.query("SELECT * FROM accounts");
    expect(JSON.stringify(rows)).toContain("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(JSON.stringify(rows)).not.toContain(password);
    for (const [actor, code] of [
      [{ ...admin, kind: "token", id: "1", role: "OPERATOR" } as Actor, "FORBIDDEN"],
      [null, "UNAUTHENTICATED"],
    ] as const) {
      await expect(users.create(actor, { ...ada, role: "VIEWER" })).rejects.toMatchObject({ code });
      await expect(users.list(actor)).rejects.toMatchObject({ code });
    }
  });

  it("are refused with input that makes no account, and nothing is written", async () => {
    const wrong = [
      { password: "x".repeat(11) },
      { password: "x".repeat(129) },
      { email: "ada" },
      { email: "ada@example.com\nbcc: x@example.com" },
      { email: `${"a".repeat(250)}@example.com` },
      { name: " " },
      { name: "x".repeat(121) },
      { role: "ROOT" as never },
    ];
    for (const each of wrong)
      await expect(users.create(admin, { ...ada, role: "ADMIN", ...each }), JSON.stringify(each)).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
      });
    await expect(users.ensureAdministrator("root@example.com", "short")).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    expect(await users.list(admin)).toEqual([]);
  });
});

describe("passwords", () => {
  it("match their own hash only, however their letters were composed", async () => {
    const hashed = await hashPassword("pässwörter gehen");
    expect(await passwordMatches(hashed, "pässwörter gehen".normalize("NFD"))).toBe(true);
    expect(await passwordMatches(hashed, "passworter gehen")).toBe(false);
    expect(await passwordMatches("not a hash", "not a hash")).toBe(false);
  });

  it("are generated long enough and never twice", () => {
    const made = new Set(Array.from({ length: 100 }, generatePassword));
    expect(made.size).toBe(100);
    for (const each of made) expect(each).toMatch(/^([a-z2-9]{6}-){3}[a-z2-9]{6}$/);
  });
});
