import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { addSource, ask, backUp, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { makeTree, readTree, scratchFolder } from "../support/trees.ts";

const run = promisify(execFile);
let holdfast: Holdfast;
beforeAll(async () => {
  holdfast = await startHoldfast();
});
afterAll(() => holdfast[Symbol.asyncDispose]());

describe("the API", () => {
  it("answers nobody without a credential", async () => {
    await expect(ask(holdfast.url, {}, "{ backups { totalCount } }")).rejects.toThrow("UNAUTHENTICATED");
    await expect(ask(holdfast.url, { authorization: "Bearer hf_nonsense", cookie: holdfast.cookie }, "{ sources { id } }")).rejects.toThrow(
      "UNAUTHENTICATED",
    );
    await expect(ask(holdfast.url, {}, "mutation { deleteSource(id: 1) }")).rejects.toThrow("UNAUTHENTICATED");
  });

  it.each([
    ["no credential", {}, 4401],
    ["a wrong token", { authorization: "Bearer hf_wrong" }, 4401],
  ])("closes a WebSocket with %s", async (_name, connectionParams, code) => {
    const socket = new WebSocket(`${holdfast.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init", payload: connectionParams }));
    const [closed] = await once(socket, "close");
    expect(closed).toBe(code);
  });

  it("refuses a WebSocket from a foreign page", async () => {
    const socket = new WebSocket(`${holdfast.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
      headers: { cookie: holdfast.cookie, origin: "https://evil.example" },
    });
    const [error] = await once(socket, "error");
    expect(String(error)).toContain("403");
  });

  it("does what the role of a token allows, until it is revoked", async () => {
    const { createApiToken } = await holdfast.graphql<{ createApiToken: { secret: string; apiToken: { id: string } } }>(
      'mutation { createApiToken(input: {name: "watch", role: VIEWER}) { secret apiToken { id } } }',
    );
    const bearer = { authorization: `Bearer ${createApiToken.secret}` };
    expect(await ask(holdfast.url, bearer, "{ backups { totalCount } me { email } }")).toMatchObject({ me: null });
    await expect(ask(holdfast.url, bearer, "mutation { createBackup(input: {type: FULL}) { id } }")).rejects.toThrow("FORBIDDEN");
    await holdfast.graphql("mutation ($id: ID!) { revokeApiToken(id: $id) }", { id: createApiToken.apiToken.id });
    await expect(ask(holdfast.url, bearer, "{ backups { totalCount } }")).rejects.toThrow("UNAUTHENTICATED");
  });

  it.each([
    ["an unknown field", "{ nonsense }", "BAD_USER_INPUT"],
    ["an unknown id", '{ restorePlan(input: {backupId: "x", type: FULL}) { bytes } }', "NOT_FOUND"],
    ["a page that is too small", "{ backups(first: 0) { totalCount } }", "BAD_USER_INPUT"],
    ["a cursor that we did not make", '{ backups(after: "zzz") { totalCount } }', "BAD_USER_INPUT"],
    ["a source of nothing", 'mutation { createSource(input: {name: "Empty"}) { id } }', "BAD_USER_INPUT"],
    ["a relative media folder", 'mutation { createSource(input: {name: "R", mediaPaths: ["media"]}) { id } }', "BAD_USER_INPUT"],
    ["the root folder", 'mutation { createSource(input: {name: "R", mediaPaths: ["/"]}) { id } }', "BAD_USER_INPUT"],
    [
      "one folder inside the other",
      'mutation { createSource(input: {name: "R", mediaPaths: ["/srv", "/srv/a"]}) { id } }',
      "BAD_USER_INPUT",
    ],
    ["a system schema", 'mutation { createSource(input: {name: "R", database: {user: "u", database: "mysql"}}) { id } }', "BAD_USER_INPUT"],
    [
      "a line break in a user",
      'mutation { createSource(input: {name: "R", database: {user: "u\\nx", database: "d"}}) { id } }',
      "BAD_USER_INPUT",
    ],
    ["a relative storage", 'mutation { createStorage(input: {name: "S", kind: LOCAL, local: {directory: "x"}}) { id } }', "BAD_USER_INPUT"],
    [
      "a level that gzip lacks",
      "mutation { updateSettings(input: {compression: GZIP, compressionLevel: 12}) { compressionLevel } }",
      "BAD_USER_INPUT",
    ],
  ])("refuses %s", async (_name, document, code) => {
    await expect(holdfast.graphql(document)).rejects.toThrow(code);
  });

  it("tells what is wrong with a source before it is stored", async () => {
    await using database = await freshDatabase("checked");
    const { socketPath, user, password } = database.connection;
    const check = async (input: object) =>
      (
        await holdfast.graphql<{ checkSource: { ok: boolean; message: string | null; serverVersion: string | null } }>(
          "mutation ($input: SourceInput) { checkSource(input: $input) { ok message serverVersion missingPrivileges grants paths { path ok message } } }",
          { input },
        )
      ).checkSource;
    expect(await check({ name: "x", database: { socketPath, user, password, database: database.name } })).toMatchObject({
      ok: true,
      message: null,
    });
    expect(await check({ name: "x", database: { socketPath, user, password: "wrong", database: database.name } })).toMatchObject({
      ok: false,
    });
    expect(await check({ name: "x", mediaPaths: ["/no/such/folder"] })).toMatchObject({
      ok: false,
      paths: [{ ok: false, message: "There is no folder /no/such/folder." }],
    });
  });

  it("never sends a stored password to another server", async () => {
    await using database = await freshDatabase("moved");
    const id = await addSource(holdfast, "Moved", database.name);
    const { socketPath, user } = database.connection;
    const update = (changes: object) =>
      holdfast.graphql("mutation ($id: ID!, $input: SourceInput!) { updateSource(id: $id, input: $input) { database { hasPassword } } }", {
        id,
        input: { name: "Moved", database: { socketPath, user, database: database.name, ...changes } },
      });
    expect(await update({})).toEqual({ updateSource: { database: { hasPassword: true } } });
    await expect(update({ host: "evil.example", socketPath: null })).rejects.toThrow("password has to be given again");
  });

  it("names the newest whole backup of a source as its last, not a newer one of a part", async () => {
    await using database = await freshDatabase("whole");
    await database.sql.query("CREATE TABLE a (id INT)");
    const media = await makeTree(join(await scratchFolder(), "media"), { "a.txt": "a" });
    const sourceId = await addSource(holdfast, "Whole", database.name, [media]);
    const last = async () =>
      (
        await holdfast.graphql<{ source: { lastBackup: { id: string }; latestAttempt: { id: string } } }>(
          "query ($id: ID!) { source(id: $id) { lastBackup { id } latestAttempt { id } } }",
          { id: sourceId },
        )
      ).source;
    const part = await backUp(holdfast, { type: "DATABASE", sourceId });
    expect((await last()).lastBackup.id).toBe(part.id);
    const whole = await backUp(holdfast, { type: "FULL", sourceId });
    const newer = await backUp(holdfast, { type: "MEDIA", sourceId });
    expect(await last()).toEqual({ lastBackup: { id: whole.id }, latestAttempt: { id: newer.id } });
  });

  it("gives all pages of a list, each backup once", async () => {
    await using database = await freshDatabase("pages");
    await database.sql.query("CREATE TABLE a (id INT)");
    const sourceId = await addSource(holdfast, "Pages 100%", database.name);
    const made = new Set<string>();
    for (let number = 0; number < 5; number += 1)
      made.add((await backUp(holdfast, { type: "DATABASE", sourceId, name: `Page_${number}` })).id);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const {
        backups,
      }: { backups: { nodes: { id: string }[]; totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string } } } =
        await holdfast.graphql(
          "query ($sourceId: ID, $after: String) { backups(filter: {sourceId: $sourceId}, first: 2, after: $after) { nodes { id } totalCount pageInfo { hasNextPage endCursor } } }",
          { sourceId, after },
        );
      expect(backups.totalCount).toBe(5);
      seen.push(...backups.nodes.map(({ id }) => id));
      after = backups.pageInfo.hasNextPage ? backups.pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual([...made].reverse());
    const found = async (search: string) =>
      (
        await holdfast.graphql<{ backups: { totalCount: number } }>(
          "query ($search: String) { backups(filter: {search: $search}) { totalCount } }",
          { search },
        )
      ).backups.totalCount;
    expect([await found("Page_3"), await found("Page%3"), await found("' OR 1=1")]).toEqual([1, 0, 0]);
  });
});

describe("downloads", () => {
  it("give the whole backup as one tar, one artifact, and any range of either", async () => {
    const media = await makeTree(join(await scratchFolder(), "media"), { "a.txt": "a", "b.bin": Buffer.alloc(300_000, "b") });
    const sourceId = await addSource(holdfast, "Downloads", null, [media]);
    const { id: backupId } = await backUp(holdfast, { type: "MEDIA", sourceId });
    const link = async (artifact: string | null) =>
      (
        await holdfast.graphql<{ createDownload: { url: string; filename: string; size: number } }>(
          "mutation ($backupId: ID!, $artifact: String) { createDownload(backupId: $backupId, artifact: $artifact) { url filename size expiresAt } }",
          { backupId, artifact },
        )
      ).createDownload;

    const whole = await link(null);
    const answer = await fetch(whole.url);
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename=${whole.filename}`);
    const tar = Buffer.from(await answer.arrayBuffer());
    expect(tar.length).toBe(whole.size);
    const folder = await scratchFolder();
    await writeFile(join(folder, "backup.tar"), tar);
    await run("sh", ["-c", "tar -xf backup.tar && tar --zstd -xf */media.tar.zst && rm backup.tar && rm -r ./*-media-*"], { cwd: folder });
    expect(await readTree(join(folder, "media"))).toEqual(await readTree(media));

    const pieces = [];
    for (let start = 0; start < tar.length; start += 1000) {
      const part = await fetch(whole.url, { headers: { range: `bytes=${start}-${start + 999}` } });
      expect(part.status).toBe(206);
      pieces.push(Buffer.from(await part.arrayBuffer()));
    }
    expect(Buffer.concat(pieces).equals(tar)).toBe(true);

    const one = await link("media.tar.zst");
    const bytes = Buffer.from(await (await fetch(one.url)).arrayBuffer());
    const { backup } = await holdfast.graphql<{ backup: { artifacts: { sha256: string }[] } }>(
      "query ($id: ID!) { backup(id: $id) { artifacts { sha256 } } }",
      { id: backupId },
    );
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(backup.artifacts[0]?.sha256);
    expect((await fetch(one.url, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
    expect((await fetch(one.url.replace(/downloads\/..../, "downloads/XXXX"))).status).toBe(404);
    await expect(link("../manifest.json")).rejects.toThrow("BAD_USER_INPUT");
  });

  it.each(["ARCHIVE", "INCREMENTAL"])("give one file of the media kept as %s, which the list of the files names", async (mediaMode) => {
    const media = await makeTree(join(await scratchFolder(), "media"), { "sub/ü b.txt": "hello", "other.txt": "x" });
    const sourceId = await addSource(holdfast, `One file, ${mediaMode}`, null, [media]);
    const { id: backupId } = await backUp(holdfast, { type: "MEDIA", sourceId, mediaMode });
    const { backupFiles, backup } = await holdfast.graphql<{
      backupFiles: { totalCount: number; nodes: { path: string; kind: string; size: number; modifiedAt: string; files: number | null }[] };
      backup: { media: { browsable: boolean } };
    }>(
      `query ($id: ID!) { backup(id: $id) { media { browsable } }
        backupFiles(backupId: $id, folder: "media/sub") { totalCount nodes { path kind size modifiedAt files } } }`,
      { id: backupId },
    );
    expect(backup.media.browsable).toBe(true);
    const modifiedAt = "2024-03-01T12:34:56.250Z";
    expect(backupFiles).toEqual({ totalCount: 1, nodes: [{ path: "media/sub/ü b.txt", kind: "FILE", size: 5, modifiedAt, files: null }] });
    const link = async (path: string, artifact: string | null = null) =>
      (
        await holdfast.graphql<{ createDownload: { url: string; filename: string; size: number } }>(
          "mutation ($backupId: ID!, $path: String, $artifact: String) { createDownload(backupId: $backupId, path: $path, artifact: $artifact) { url filename size } }",
          { backupId, path, artifact },
        )
      ).createDownload;
    const one = await link("media/sub/ü b.txt");
    expect([one.filename, one.size]).toEqual(["ü b.txt", 5]);
    const answer = await fetch(one.url);
    expect([answer.headers.get("content-length"), await answer.text()]).toEqual(["5", "hello"]);
    expect(await (await fetch(one.url, { headers: { range: "bytes=1-2" } })).text()).toBe("el");
    await expect(link("media/sub")).rejects.toThrow("BAD_USER_INPUT");
    await expect(link("media/../../etc/passwd")).rejects.toThrow("NOT_FOUND");
    await expect(link("media/other.txt", "media.tar.zst")).rejects.toThrow("BAD_USER_INPUT");
  });

  it("are listed while they work, and taken away one by one", async () => {
    const media = await makeTree(join(await scratchFolder(), "media"), { "a.txt": "a", "b.txt": "b" });
    const { id } = await backUp(holdfast, { type: "MEDIA", sourceId: await addSource(holdfast, "Links", null, [media]) });
    const made = await holdfast.graphql<Record<"one" | "two", { url: string }>>(
      `mutation ($id: ID!) {
        one: createDownload(backupId: $id, path: "media/a.txt") { url }
        two: createDownload(backupId: $id, paths: ["media/a.txt", "media/b.txt"]) { url } }`,
      { id },
    );
    await (await fetch(made.one.url)).text();
    const listed = async () =>
      (
        await holdfast.graphql<{ downloads: { id: string; path: string | null }[] }>(
          "query ($id: ID!) { downloads(backupId: $id) { id actor path format paths pathCount uses } }",
          { id },
        )
      ).downloads;
    const known = { id: expect.any(String), actor: "admin@example.org" };
    const archive = { path: null, format: "ZIP", paths: ["media/a.txt", "media/b.txt"], pathCount: 2, uses: 0 };
    const file = { path: "media/a.txt", format: null, paths: null, pathCount: null, uses: 1 };
    expect((await listed()).sort((one, two) => (one.path ?? "").localeCompare(two.path ?? ""))).toEqual([
      { ...known, ...archive },
      { ...known, ...file },
    ]);

    const link = (await listed()).find(({ path }) => path)?.id;
    expect(await holdfast.graphql("mutation ($link: ID!) { revokeDownload(id: $link) }", { link })).toEqual({ revokeDownload: true });
    expect([(await fetch(made.one.url)).status, (await fetch(made.two.url)).status]).toEqual([404, 200]);
    await expect(holdfast.graphql("mutation ($link: ID!) { revokeDownload(id: $link) }", { link })).rejects.toThrow("NOT_FOUND");
    expect((await listed()).map(({ path }) => path)).toEqual([null]);
  });
});

describe("health", () => {
  it("answers without a credential, and without telling anything", async () => {
    expect(await (await fetch(`${holdfast.url}/healthz`)).json()).toEqual({ ok: true });
    expect(await (await fetch(`${holdfast.url}/readyz`)).json()).toEqual({ ok: true, notReady: [] });
  });
});
