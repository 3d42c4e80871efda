import { request } from "node:http";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSource, backUp, follow, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase } from "../support/shared-server.ts";

let holdfast: Holdfast;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let sourceId: string;
const tokens: Record<string, string> = {};
beforeAll(async () => {
  [holdfast, database] = [await startHoldfast(), await freshDatabase("rest")];
  await database.sql.query("CREATE TABLE goods (id INT PRIMARY KEY); INSERT INTO goods VALUES (1), (2)");
  sourceId = await addSource(holdfast, "Rest", database.name);
  for (const role of ["ADMIN", "OPERATOR", "VIEWER"]) {
    const { createApiToken } = await holdfast.graphql<{ createApiToken: { secret: string } }>(
      `mutation { createApiToken(input: {name: "${role}", role: ${role}}) { secret } }`,
    );
    tokens[role] = createApiToken.secret;
  }
});
afterAll(async () => {
  await holdfast[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

async function rest<T = Record<string, unknown>>(
  method: string,
  path: string,
  { role = "ADMIN", body, headers = {} }: { role?: string | null; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<T>> {
  const answer = await fetch(`${holdfast.url}/api${path}`, {
    method,
    headers: {
      ...(role ? { authorization: `Bearer ${tokens[role]}` } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as T };
}

interface Page {
  readonly count: number;
  readonly next: string | null;
  readonly results: readonly { readonly id: string; readonly source: { readonly id: string; readonly name: string } }[];
}

describe("REST", () => {
  it("takes backups, lists them by pages and by what they are, links to their bytes, and deletes them", async () => {
    const made = await rest<{ id: string; status: string }>("POST", "/backups/", { body: { type: "DATABASE", name: "By REST" } });
    expect(made).toMatchObject({ status: 201, body: { name: "By REST", trigger: "API", source: { id: sourceId, name: "Rest" } } });
    await follow(holdfast, made.body.id);
    for (const name of ["Second", "Third"]) await backUp(holdfast, { type: "DATABASE", name });

    expect((await rest<{ status: string }>("GET", `/backups/${made.body.id}/`)).body).toMatchObject({
      status: "COMPLETED",
      database: { rows: 2 },
    });
    const first = await rest<Page>("GET", "/backups/?first=2");
    expect(first.body).toMatchObject({ count: 3, next: expect.stringMatching(/^\/api\/backups\/\?first=2&after=/) });
    const second = await rest<Page>("GET", (first.body.next ?? "").slice("/api".length));
    expect([...first.body.results, ...second.body.results].map(({ id }) => id).at(-1)).toBe(made.body.id);
    expect(second.body).toMatchObject({ count: 3, next: null });
    const filtered = await rest<Page>("GET", "/backups?status=COMPLETED,FAILED&type=DATABASE&pinned=false&search=By%20REST");
    expect(filtered.body.results.map(({ id }) => id)).toEqual([made.body.id]);
    expect((await rest<unknown[]>("GET", "/available-backups/")).body).toHaveLength(3);

    const link = await rest<{ url: string; size: number }>("POST", `/backups/${made.body.id}/download/`);
    expect(link.status).toBe(201);
    expect((await (await fetch(link.body.url)).arrayBuffer()).byteLength).toBe(link.body.size);
    expect(await rest("DELETE", `/backups/${made.body.id}/`)).toEqual({ status: 200, body: true });
    expect(await rest("GET", `/backups/${made.body.id}`)).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
  });

  it("restores a backup, and says what became of it", async () => {
    const { id: backupId } = await backUp(holdfast, { type: "DATABASE" });
    await database.sql.query("DELETE FROM goods");
    const begun = await rest<{ id: string }>("POST", "/restores/", { body: { backupId, type: "DATABASE", backupBeforeRestore: false } });
    expect(begun.status).toBe(201);
    await follow(holdfast, begun.body.id);
    expect((await rest("GET", `/restores/${begun.body.id}/`)).body).toMatchObject({ status: "COMPLETED", backup: { id: backupId } });
    expect((await rest<Page>("GET", "/restores/")).body.count).toBe(1);
    expect((await database.sql.query("SELECT * FROM goods"))[0]).toHaveLength(2);
  });

  it("keeps schedules: makes, changes in whole and in part, toggles, runs and deletes them", async () => {
    const made = await rest<{ id: string }>("POST", "/schedules/", {
      body: {
        name: "Nightly",
        frequency: "DAILY",
        timeOfDay: "03:00",
        backupType: "DATABASE",
        sourceId,
        retention: { keepLast: 3 },
        encrypt: true,
        databaseEngine: "MYSQLDUMP",
      },
    });
    expect(made).toMatchObject({ status: 201, body: { name: "Nightly", active: true, source: { id: sourceId } } });
    const path = `/schedules/${made.body.id}`;
    expect(await rest("PATCH", `${path}/`, { body: { timeOfDay: "04:30" } })).toMatchObject({
      status: 200,
      body: { name: "Nightly", timeOfDay: "04:30", ownRetention: { keepLast: 3 }, encrypt: true, databaseEngine: "MYSQLDUMP" },
    });
    const whole = { name: "Weekly", frequency: "WEEKLY", dayOfWeek: 1, timeOfDay: "05:00", backupType: "DATABASE", sourceId };
    expect((await rest("PUT", `${path}/`, { body: whole })).body).toMatchObject({ name: "Weekly", ownRetention: null });
    expect((await rest("POST", `${path}/toggle_active/`)).body).toMatchObject({ active: false });
    const run = await rest<{ id: string }>("POST", `${path}/run/`);
    expect(run.status).toBe(201);
    await follow(holdfast, run.body.id);
    expect((await rest("GET", `/backups/${run.body.id}`)).body).toMatchObject({ schedule: { id: made.body.id, name: "Weekly" } });
    expect((await rest("POST", "/schedules", { body: { ...whole, frequency: "CRON", cron: "61 * * * *" } })).body).toMatchObject({
      error: { code: "BAD_USER_INPUT", reason: "CRON_INVALID" },
    });
    expect(await rest("DELETE", `${path}/`)).toEqual({ status: 200, body: true });
    expect((await rest("GET", path)).status).toBe(404);
  });

  it("tells statistics, settings, sources and storages, and no secret", async () => {
    expect((await rest("GET", "/statistics/?days=7")).body).toMatchObject({ totalBackups: expect.any(Number) });
    expect((await rest("GET", "/settings/")).body).toMatchObject({ compression: "ZSTD" });
    expect((await rest("PATCH", "/settings/", { body: { retentionDays: 40 } })).body).toMatchObject({ retentionDays: 40 });
    const source = await rest("GET", `/sources/${sourceId}/`);
    expect(source.body).toMatchObject({ name: "Rest", database: { hasPassword: true } });
    expect(JSON.stringify(source.body)).not.toMatch(/"password"/);
    expect((await rest<{ isDefault: boolean }[]>("GET", "/storages/")).body).toMatchObject([{ isDefault: true }]);
  });

  it.each([
    ["nobody", "GET", "/backups/", null, undefined, 401, "UNAUTHENTICATED"],
    ["a viewer who backs up", "POST", "/backups/", "VIEWER", { type: "DATABASE" }, 403, "FORBIDDEN"],
    ["an operator who restores", "POST", "/restores/", "OPERATOR", { type: "FULL" }, 403, "FORBIDDEN"],
    ["an operator who uploads", "POST", "/restores/upload_and_restore/", "OPERATOR", {}, 403, "FORBIDDEN"],
    ["what is not there", "GET", "/backups/none/", "VIEWER", undefined, 404, "NOT_FOUND"],
    ["an address that is not there", "GET", "/nonsense/", "VIEWER", undefined, 404, "NOT_FOUND"],
    [
      "a webhook of the library",
      "POST",
      "/webhook",
      "ADMIN",
      { subscription: "backupChanged", url: "http://127.0.0.1/" },
      404,
      "NOT_FOUND",
    ],
    ["another method", "DELETE", "/statistics/", "ADMIN", undefined, 405, "BAD_USER_INPUT"],
    ["an unknown parameter", "GET", "/backups/?stats=FAILED", "VIEWER", undefined, 400, "BAD_USER_INPUT"],
    ["a word that is none", "GET", "/backups/?status=GOOD", "VIEWER", undefined, 400, "BAD_USER_INPUT"],
    ["a number that is none", "GET", "/backups/?first=many", "VIEWER", undefined, 400, "BAD_USER_INPUT"],
    ["a page that is too small", "GET", "/backups/?first=0", "VIEWER", undefined, 400, "BAD_USER_INPUT"],
    ["a body without what is needed", "POST", "/backups/", "OPERATOR", { name: "x" }, 400, "BAD_USER_INPUT"],
    ["a field that is not there", "POST", "/backups/", "OPERATOR", { type: "FULL", __proto__x: 1 }, 400, "BAD_USER_INPUT"],
    ["a body that is a list", "POST", "/backups/", "OPERATOR", [1], 400, "BAD_USER_INPUT"],
    ["a body that is too long", "POST", "/backups/", "OPERATOR", { name: "x".repeat(1_100_000) }, 413, "BAD_USER_INPUT"],
  ])("refuses %s", async (_name, method, path, role, body, status, code) => {
    const answer = await rest(method, path, { role, body });
    expect(answer).toMatchObject({ status, body: { error: { code } } });
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\bat \w+ \(/);
  });

  it("serves a session's own pages and no others, and no token that is wrong", async () => {
    const cookie = { cookie: holdfast.cookie };
    const body = { type: "DATABASE", name: "By cookie" };
    expect((await rest("GET", "/backups/", { role: null, headers: cookie })).status).toBe(200);
    for (const headers of [{ origin: "https://evil.example" }, { "content-type": "text/plain" }] as Record<string, string>[])
      expect((await rest("POST", "/backups/", { role: null, body, headers: { ...cookie, ...headers } })).status).toBeGreaterThanOrEqual(
        400,
      );
    const files = new FormData();
    files.set("files", new Blob(["x"]), "x.sql");
    const post = (headers: Record<string, string>) =>
      fetch(`${holdfast.url}/api/restores/upload_and_restore/`, { method: "POST", body: files, headers });
    expect((await post(cookie)).status).toBe(403);
    expect((await post({ authorization: "Bearer hf_wrong", ...cookie })).status).toBe(401);
    expect((await rest<Page>("GET", "/backups/?search=By%20cookie")).body.count).toBe(0);
  });
});

describe("upload and restore", () => {
  const post = async (form: FormData, role = "ADMIN") => {
    const answer = await fetch(`${holdfast.url}/api/restores/upload_and_restore/`, {
      method: "POST",
      headers: { authorization: `Bearer ${tokens[role]}` },
      body: form,
    });
    return { status: answer.status, body: (await answer.json()) as { id: string; error?: { code: string; message: string } } };
  };
  const dump = (rows: string) =>
    `-- MariaDB dump 10.19\nCREATE TABLE goods (id INT PRIMARY KEY);\nINSERT INTO goods VALUES ${rows};\n-- Dump completed on 2026-01-01  0:00:00\n`;
  const formOf = (text: string | Blob, name: string, fields: Record<string, string> = {}) => {
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.set(field, value);
    form.set("files", text instanceof Blob ? text : new Blob([text]), name);
    return form;
  };
  const uploads = async () => (await rest<unknown[]>("GET", "/uploads/")).body;

  it("restores what is sent with it, whatever its name says", async () => {
    const begun = await post(formOf(dump("(7), (8), (9)"), "../../etc/passwd.sql", { target: sourceId, backupBeforeRestore: "false" }));
    expect(begun).toMatchObject({ status: 202, body: { id: expect.any(String) } });
    await follow(holdfast, begun.body.id);
    expect((await rest("GET", `/restores/${begun.body.id}`)).body).toMatchObject({ status: "COMPLETED", result: { rows: 3 } });
    expect(await uploads()).toMatchObject([{ filename: "passwd.sql" }]);
    for (const { id } of (await uploads()) as { id: string }[]) await rest("DELETE", `/uploads/${id}/`);
  });

  it.each([
    ["a dump that runs programs", formOf(`${dump("(1)")}\\! touch /tmp/never\n`, "x.sql"), 422, "ARTIFACT_UNSAFE"],
    ["an empty file", formOf("", "x.sql"), 400, "BAD_USER_INPUT"],
    ["a form without a file", formOf("", "x.sql", { nonsense: "1" }), 400, "BAD_USER_INPUT"],
    ["a field without end", formOf(dump("(1)"), "x.sql", { name: "x".repeat(100_000) }), 400, "BAD_USER_INPUT"],
    ["an unknown mode", formOf(dump("(1)"), "x.sql", { mode: "MERGE" }), 400, "BAD_USER_INPUT"],
    ["a source that is not there", formOf(dump("(1)"), "x.sql", { target: "none" }), 404, "NOT_FOUND"],
  ])("refuses %s, and keeps nothing of it", async (_name, form, status, code) => {
    expect(await post(form)).toMatchObject({ status, body: { error: { code } } });
    expect(await uploads()).toEqual([]);
  });

  it("takes a large file in without holding it, and lets go of one that is cut short", async () => {
    const chunk = Buffer.from(`INSERT INTO goods VALUES (1) /* ${"x".repeat(1_000_000)} */;\n`);
    const head = (length: number) => ({
      method: "POST",
      headers: { authorization: `Bearer ${tokens.ADMIN}`, "content-type": "multipart/form-data; boundary=b", "content-length": length },
    });
    const opening = Buffer.from('--b\r\ncontent-disposition: form-data; name="files"; filename="big.sql"\r\n\r\n');
    const closing = Buffer.from("\r\n--b--\r\n");
    const url = `${holdfast.url}/api/restores/upload_and_restore`;

    const cut = request(url, head(opening.length + chunk.length * 150 + closing.length));
    cut.on("error", () => {});
    cut.write(opening);
    cut.write(chunk);
    await expect.poll(uploads).toHaveLength(1);
    cut.destroy();
    await expect.poll(uploads).toEqual([]);

    const before = await memoryOf(holdfast.pid);
    let peak = before;
    const sending = request(url, head(opening.length + chunk.length * 150 + closing.length));
    const answered = new Promise<number>((resolve, reject) => {
      sending.on("response", (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      sending.on("error", reject);
    });
    sending.write(opening);
    for (let sent = 0; sent < 150; sent += 1) {
      if (!sending.write(chunk)) await new Promise((resolve) => sending.once("drain", resolve));
      peak = Math.max(peak, await memoryOf(holdfast.pid));
    }
    sending.end(closing);
    // It has no trailer, so it is no whole dump: what counts is that it arrived and was looked at.
    expect(await answered).toBe(422);
    expect(peak - before).toBeLessThan(90_000_000);
    expect(await uploads()).toEqual([]);
  });
});

async function memoryOf(pid: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1000;
}

describe("the OpenAPI document", () => {
  interface Document {
    paths: Record<
      string,
      Record<string, { parameters?: { name: string; in: string; required: boolean }[]; responses: Record<string, unknown> }>
    >;
  }

  it("is valid, names every address of the original, and has a page without scripts", async () => {
    const { body } = await rest<Document>("GET", "/openapi.json", { role: null });
    const result = await new Validator().validate(body as unknown as Record<string, unknown>);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(Object.entries(body.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))).toEqual(
      expect.arrayContaining([
        "get /backups",
        "post /backups",
        "get /backups/{id}",
        "delete /backups/{id}",
        "post /backups/{backupId}/download",
        "get /restores",
        "post /restores",
        "post /restores/upload_and_restore",
        "get /schedules",
        "post /schedules",
        "put /schedules/{id}",
        "patch /schedules/{id}",
        "post /schedules/{id}/toggle_active",
        "post /schedules/{id}/run",
        "get /statistics",
        "get /available-backups",
      ]),
    );
    const page = await fetch(`${holdfast.url}/api/docs/`);
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(await page.text()).not.toMatch(/<script|https?:\/\//);
  });

  it("tells nothing but what is there: every address answers, and every one that reads answers as it says", async () => {
    const { body } = await rest<Document>("GET", "/openapi.json");
    const compiled = new Validator();
    await compiled.validate(body as unknown as Record<string, unknown>);
    for (const [path, methods] of Object.entries(body.paths))
      for (const [method, { parameters = [] }] of Object.entries(methods)) {
        const address = path.replaceAll(/\{\w+\}/g, "none");
        const answer = await rest<{ error?: { code: string } }>(method.toUpperCase(), address, {
          role: null,
          body: method === "get" ? undefined : {},
        });
        expect([`${method} ${path}`, answer.status < 500 && answer.status !== 405]).toEqual([`${method} ${path}`, true]);
        if (method !== "get" || parameters.some(({ required }) => required)) continue;
        expect([path, (await rest("GET", address)).status]).toEqual([path, 200]);
      }
  });
});
