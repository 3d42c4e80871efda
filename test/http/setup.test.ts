import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { admin, cookieOf, errorOf, password, serveAuth } from "../support/auth-server.ts";
import { freshCatalog } from "../support/catalog.ts";

let catalog: Awaited<ReturnType<typeof freshCatalog>>;
beforeAll(async () => {
  catalog = await freshCatalog();
});
beforeEach(() => catalog.catalog.pool.query("DELETE FROM users"));
afterAll(() => catalog[Symbol.asyncDispose]());

describe("the first visit", () => {
  const account = { name: "Ada", email: "ada@example.com", password };

  it("makes the administrator with the code of the log, signs in, and happens once", async () => {
    await using served = await serveAuth({ catalog });
    const needed = async () => (await fetch(`${served.url}/api/setup`)).json();
    expect(await needed()).toEqual({ needed: true });
    expect((await served.post("/api/setup", { ...account, code: "" })).status).toBe(403);
    const code = (await served.setup.code()) ?? "";
    expect(code).toMatch(/^[A-HJKMNP-TV-Z2-9]{4}-[A-HJKMNP-TV-Z2-9]{4}$/);
    expect(await served.setup.code()).toBe(code);

    const wrong = await served.post("/api/setup", { ...account, code: code === "AAAA-AAAA" ? "BBBB-BBBB" : "AAAA-AAAA" });
    expect(wrong.status).toBe(403);
    expect(await errorOf(wrong)).toMatchObject({ code: "FORBIDDEN", hint: expect.stringContaining("log") });
    const weak = await served.post("/api/setup", { ...account, code, password: "short" });
    expect([weak.status, (await errorOf(weak)).code]).toEqual([400, "BAD_USER_INPUT"]);
    expect(await needed()).toEqual({ needed: true });

    const made = await served.post("/api/setup", { ...account, code: code.toLowerCase().replace("-", " ") });
    expect(made.status).toBe(201);
    expect(await made.json()).toEqual({ user: { id: expect.any(String), name: "Ada", email: "ada@example.com", role: "ADMIN" } });
    expect(await served.whoami({ cookie: cookieOf(made) })).toMatchObject({ kind: "user", role: "ADMIN" });
    expect(await needed()).toEqual({ needed: false });
    expect(await served.setup.code()).toBeNull();

    const again = await served.post("/api/setup", { ...account, email: "eve@example.com", code });
    expect([again.status, (await errorOf(again)).code]).toEqual([409, "CONFLICT"]);
    expect(await served.users.list(admin)).toHaveLength(1);
    expect((await served.signIn("ada@example.com")).status).toBe(200);
  });

  it("makes one administrator of several who know the code at the same moment", async () => {
    await using served = await serveAuth({ catalog });
    const code = await served.setup.code();
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, each) => served.post("/api/setup", { ...account, email: `ada${each}@example.com`, code })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(answers.filter((answer) => answer.headers.getSetCookie().length > 0)).toHaveLength(1);
    expect(await served.users.list(admin)).toHaveLength(1);
  });

  it("refuses foreign pages, forms and guessing", async () => {
    await using served = await serveAuth({ catalog });
    const code = await served.setup.code();
    const right = { ...account, code };
    expect((await served.post("/api/setup", right, { origin: "https://evil.example" })).status).toBe(403);
    expect((await served.post("/api/setup", right, { "content-type": "text/plain" })).status).toBe(400);
    expect((await served.post("/api/setup", "{", {})).status).toBe(400);
    expect((await served.post("/api/setup", [1])).status).toBe(400);
    expect((await served.post("/api/setup", { ...right, password: "x".repeat(1e6) })).status).toBe(413);
    served.clock.at = new Date(served.clock.at.getTime() + 61_000);
    for (let each = 0; each < 10; each += 1)
      expect((await served.post("/api/setup", { ...account, code: `AAAA-000${each}` })).status, `${each}`).toBe(403);
    expect((await served.post("/api/setup", right)).status).toBe(429);
    expect(await served.users.list(admin)).toEqual([]);
    served.clock.at = new Date(served.clock.at.getTime() + 60_000);
    expect((await served.post("/api/setup", right)).status).toBe(201);
  });
});
