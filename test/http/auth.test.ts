import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { admin, cookieOf, errorOf, password, type Served, secret, serveAuth } from "../support/auth-server.ts";

/** The status of a sign-in from another address of this machine. */
async function statusFrom(localAddress: string, url: string, body: object): Promise<number | undefined> {
  const asked = request(`${url}/api/auth/sign-in/email`, { method: "POST", localAddress, headers: { "content-type": "application/json" } });
  const answered = once(asked, "response");
  asked.end(JSON.stringify(body));
  const [answer] = (await answered) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

let served: Served;
beforeAll(async () => {
  served = await serveAuth();
  await served.addUser("ada@example.com");
});
afterAll(() => served[Symbol.asyncDispose]());

describe("signing in", () => {
  it("gives a cookie that scripts and other sites cannot use, and signing out ends it", async () => {
    const answer = await served.signIn("Ada@example.com");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^holdfast=[^;]+;.*Path=\/.*$/)]);
    const [line = ""] = answer.headers.getSetCookie();
    expect(line).toMatch(/; HttpOnly/i);
    expect(line).toMatch(/; SameSite=Strict/i);
    expect(line).not.toMatch(/; (Secure|Domain)/i);

    const cookie = cookieOf(answer);
    expect(await served.whoami({ cookie })).toMatchObject({ kind: "user", name: "Ada", email: "ada@example.com", role: "ADMIN" });
    expect(await (await fetch(`${served.url}/api/auth/get-session`, { headers: { cookie } })).json()).toMatchObject({
      user: { email: "ada@example.com", role: "ADMIN" },
    });
    expect((await served.post("/api/auth/sign-out", {}, { cookie })).status).toBe(200);
    expect(await served.whoami({ cookie })).toBeNull();
  });

  it("is written down, and a wrong password is not taken for a sign-in", async () => {
    const before = (await served.audit.page(admin, 100, null)).totalCount;
    // Entries of one millisecond have no order among them.
    served.clock.at = new Date(+served.clock.at + 1);
    await served.signIn("ada@example.com", "wrong horse battery");
    await served.signIn("ada@example.com");
    const { nodes, totalCount } = await served.audit.page(admin, 1, null);
    expect(nodes[0]).toMatchObject({ actor: "ada@example.com", action: "user.signIn" });
    expect(totalCount).toBe(before + 1);
  });

  it("answers a wrong password and an unknown address alike", async () => {
    const answers = [await served.signIn("ada@example.com", "wrong horse battery"), await served.signIn("eve@example.com")];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(await errorOf(answer)).toEqual({ code: "UNAUTHENTICATED", message: "The email address or the password is wrong." });
    }
  });

  it.each<[string, () => Promise<Response>, number]>([
    ["a password too long", () => served.signIn("ada@example.com", "x".repeat(129)), 400],
    ["a password of 1 MB", () => served.signIn("ada@example.com", "x".repeat(1e6)), 413],
    ["an address that is none", () => served.signIn("ada"), 400],
    ["no password", () => served.post("/api/auth/sign-in/email", { email: "ada@example.com" }), 400],
    ["a body that is not JSON", () => served.post("/api/auth/sign-in/email", "{", {}), 400],
    [
      "a form",
      () =>
        served.post("/api/auth/sign-in/email", `email=ada@example.com&password=${password}`, {
          "content-type": "application/x-www-form-urlencoded",
        }),
      400,
    ],
    [
      "plain text",
      () => served.post("/api/auth/sign-in/email", { email: "ada@example.com", password }, { "content-type": "text/plain" }),
      400,
    ],
    ["a foreign page", () => served.signIn("ada@example.com", password, { origin: "https://evil.example" }), 403],
    ["a page without an origin", () => served.signIn("ada@example.com", password, { origin: "null" }), 403],
  ])("refuses %s", async (_, ask, status) => {
    served.clock.at = new Date(served.clock.at.getTime() + 61_000);
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await errorOf(answer)).toEqual(expect.objectContaining({ code: expect.any(String), message: expect.any(String) }));
  });

  it("is the only thing of the kind: nobody signs up or changes an account over HTTP", async () => {
    const cookie = cookieOf(await served.signIn("ada@example.com"));
    const account = { name: "Eve", email: "eve@example.com", password, role: "ADMIN", newPassword: password, currentPassword: password };
    for (const path of [
      "sign-up/email",
      "update-user",
      "change-password",
      "change-email",
      "delete-user",
      "request-password-reset",
      "sign-in/social",
    ])
      expect((await served.post(`/api/auth/${path}`, account, { cookie })).status, path).toBe(404);
    for (const path of ["ok", "error", "list-sessions", "sign-in/email"])
      expect((await fetch(`${served.url}/api/auth/${path}`, { headers: { cookie } })).status, path).toBe(404);
    expect(await served.users.list(admin)).toHaveLength(1);
  });

  it("makes a new session each time, and takes none that the browser brought", async () => {
    const brought = "holdfast=chosenbytheattacker.c2lnbmF0dXJl";
    const [one, two] = [await served.signIn("ada@example.com", password, { cookie: brought }), await served.signIn("ada@example.com")];
    expect(await served.whoami({ cookie: brought })).toBeNull();
    expect(cookieOf(one)).not.toContain("chosenbytheattacker");
    expect(cookieOf(one)).not.toBe(cookieOf(two));
  });

  it("needs more than a copy of the catalog: its session tokens are no cookies, nor are those of another key", async () => {
    const cookie = cookieOf(await served.signIn("ada@example.com"));
    const [rows] = await served.pool.query("SELECT token FROM sessions");
    const tokens = (rows as { token: string }[]).map(({ token }) => token);
    expect(tokens.some((token) => decodeURIComponent(cookie).startsWith(`holdfast=${token}.`))).toBe(true);
    for (const token of tokens) expect(await served.whoami({ cookie: `holdfast=${token}` })).toBeNull();
    await using other = await serveAuth({ catalog: served.fresh, secret: secret.toUpperCase() });
    expect(await other.whoami({ cookie })).toBeNull();
    expect(await served.whoami({ cookie })).not.toBeNull();
  });

  it("ends by itself", async () => {
    const cookie = cookieOf(await served.signIn("ada@example.com"));
    const [rows] = await served.pool.query("SELECT MAX(TIMESTAMPDIFF(HOUR, created_at, expires_at)) AS hours FROM sessions");
    expect(rows).toEqual([{ hours: 168 }]);
    await served.pool.query("UPDATE sessions SET expires_at = UTC_TIMESTAMP()");
    expect(await served.whoami({ cookie })).toBeNull();
  });

  it("is slowed down after ten attempts in a minute from one address, whatever address it claims", async () => {
    served.clock.at = new Date(served.clock.at.getTime() + 61_000);
    const tried = Array.from({ length: 10 }, (_, each) =>
      served.signIn("ada@example.com", "wrong horse battery", {
        "x-forwarded-for": `192.0.2.${each}`,
        "x-holdfast-address": `192.0.2.${each}`,
      }),
    );
    expect((await Promise.all(tried)).map(({ status }) => status)).toEqual(Array(10).fill(401));
    const refused = await served.signIn("ada@example.com");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(await errorOf(refused)).toMatchObject({ hint: "Try again in 60 seconds." });
    expect(await statusFrom("127.0.0.2", served.url, { email: "ada@example.com", password })).toBe(200);
    served.clock.at = new Date(served.clock.at.getTime() + 60_000);
    expect((await served.signIn("ada@example.com")).status).toBe(200);
  });

  it("over https gives a cookie for TLS and this host only", async () => {
    await using secure = await serveAuth({ catalog: served.fresh, publicUrl: "https://backup.example.com" });
    const answer = await secure.signIn("ada@example.com", password, { origin: "https://backup.example.com" });
    const [line = ""] = answer.headers.getSetCookie();
    expect(line).toMatch(/^__Host-holdfast=/);
    expect(line).toMatch(/; Secure/i);
    expect(line).not.toMatch(/; Domain/i);
    expect(await secure.whoami({ cookie: cookieOf(answer) })).toMatchObject({ kind: "user" });
    // The same session under the name that goes without TLS is not looked at.
    expect(await secure.whoami({ cookie: cookieOf(answer).replace("__Host-", "") })).toBeNull();
  });
});

describe("a request's actor", () => {
  it("is the token's for a bearer, and nobody's for a bad one, even beside a good cookie", async () => {
    const cookie = cookieOf(await served.signIn("ada@example.com"));
    const expiresAt = new Date(served.clock.at.getTime() + 60_000);
    const [good, short] = [
      await served.tokens.create(admin, { name: "nightly", role: "OPERATOR", expiresAt: null }),
      await served.tokens.create(admin, { name: "short", role: "VIEWER", expiresAt }),
    ];
    const as = (authorization: string) => served.whoami({ authorization, cookie });
    expect(await as(`Bearer ${good.secret}`)).toMatchObject({ kind: "token", name: "nightly", role: "OPERATOR" });
    expect(await as(`bearer  ${good.secret}`)).toMatchObject({ kind: "token", name: "nightly" });
    expect(await as(`Bearer ${short.secret}`)).toMatchObject({ kind: "token", name: "short" });
    for (const bad of [
      "Bearer",
      "Bearer ",
      "Bearer hf_wrong",
      `Bearer ${good.secret}x`,
      `Bearer ${good.secret} x`,
      `Bearer,${good.secret}`,
    ])
      expect(await as(bad), bad).toBeNull();
    served.clock.at = expiresAt;
    await served.tokens.revoke(admin, good.apiToken.id);
    for (const ended of [good, short]) expect(await as(`Bearer ${ended.secret}`)).toBeNull();
    // A proxy's own password in front of us is not meant for us.
    expect(await as("Basic dXNlcjpwYXNz")).toMatchObject({ kind: "user" });
    expect(await served.whoami({})).toBeNull();
    expect(await (await fetch(`${served.url}/whoami?token=${good.secret}&access_token=${good.secret}`)).json()).toBeNull();
  });

  it("is asked again for an open socket: gone after sign-out, revocation or a change of role", async () => {
    const open = async (headers: IncomingHttpHeaders) => {
      const actor = await served.auth.actorOfRequest(headers);
      if (!actor) throw new Error("not signed in");
      return () => served.auth.stillActor(headers, actor);
    };
    const cookie = cookieOf(await served.signIn("ada@example.com"));
    const token = await served.tokens.create(admin, { name: "socket", role: "ADMIN", expiresAt: null });
    const [byCookie, byToken] = [await open({ cookie }), await open({ authorization: `Bearer ${token.secret}` })];
    expect([await byCookie(), await byToken()]).toEqual([true, true]);
    await served.pool.query("UPDATE users SET role = 'VIEWER'");
    expect([await byCookie(), await byToken()]).toEqual([false, true]);
    await served.pool.query("UPDATE users SET role = 'ADMIN'");
    await served.tokens.revoke(admin, token.apiToken.id);
    expect([await byCookie(), await byToken()]).toEqual([true, false]);
    await served.post("/api/auth/sign-out", "", { cookie });
    expect(await byCookie()).toBe(false);
  });
});

it("leaves no password, cookie, code or token secret in the catalog or the log", async () => {
  // Whoever was there before goes, so that there is a set-up; and the clock moves on, so that there may be more attempts.
  await served.pool.query("DELETE FROM users");
  served.clock.at = new Date(served.clock.at.getTime() + 61_000);
  const code = (await served.setup.code()) ?? "";
  const cookies = [
    cookieOf(await served.post("/api/setup", { name: "Ada", email: "ada@example.com", password, code })),
    cookieOf(await served.signIn("ada@example.com")),
  ];
  await served.signIn("ada@example.com", "wrong horse battery");
  await served.signIn("eve@example.com", "wrong horse battery");
  const token = await served.tokens.create(admin, { name: "nightly", role: "ADMIN", expiresAt: null });
  await served.whoami({ authorization: `Bearer ${token.secret}` });
  const [tables] = await served.pool.query("SHOW TABLES");
  const all = await Promise.all((tables as object[]).map((row) => served.pool.query("SELECT * FROM ??", [Object.values(row)[0]])));
  const catalog = JSON.stringify(all.map(([rows]) => rows));
  for (const known of ["ada@example.com", "nightly", "$argon2id$"]) expect(catalog).toContain(known);
  const values = cookies.map((cookie) => decodeURIComponent(cookie.slice(cookie.indexOf("=") + 1)));
  for (const canary of [password, "wrong horse battery", code, token.secret, token.secret.slice(3), secret, ...values]) {
    expect(canary.length).toBeGreaterThan(8);
    expect(catalog).not.toContain(canary);
    expect(served.log.join("\n")).not.toContain(canary);
  }
});
