import { createReadStream, readFileSync } from "node:fs";
import { appendFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RowDataPacket } from "mysql2/promise";
import { Upload as TusUpload } from "tus-js-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSource, ask, backUp, type Holdfast, restore, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { makeTree } from "../support/trees.ts";
import { temporaryFolder } from "../support/uploads.ts";

let holdfast: Holdfast;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  holdfast = await startHoldfast();
  folder = await temporaryFolder();
});
afterAll(async () => {
  await holdfast?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

interface Shown {
  readonly id: string;
  readonly filename: string;
  readonly receivedBytes: number;
  readonly complete: boolean;
  readonly state: string;
  readonly detectedFormat: string | null;
  readonly problem: string | null;
  readonly findings: readonly { reason: string; severity: string; line: number | null; entry: string | null }[];
  readonly database: { tables: { name: string; rows: number }[] } | null;
  readonly media: { files: number } | null;
}
const fields =
  "id filename receivedBytes complete state detectedFormat problem findings { reason severity line entry } database { tables { name rows } } media { files }";

const announce = async (filename: string, size: number) =>
  (
    await holdfast.graphql<{ createUpload: Shown }>(
      `mutation ($f: String!, $s: SafeInt!) { createUpload(filename: $f, size: $s) { ${fields} } }`,
      {
        f: filename,
        s: size,
      },
    )
  ).createUpload;
const show = async (id: string) =>
  (await holdfast.graphql<{ upload: Shown | null }>(`query ($id: ID!) { upload(id: $id) { ${fields} } }`, { id })).upload;

/** Waits for the inspection's end, by its subscription. */
async function inspectedUpload(id: string): Promise<Shown> {
  const changes = holdfast.subscribe<{ uploadChanged: Shown }>(`subscription { uploadChanged { ${fields} } }`);
  const wanted = (upload: Shown | null | undefined) => upload?.id === id && (upload.state === "READY" || upload.state === "REFUSED");
  for (;;) {
    const now = await show(id);
    if (now && wanted(now)) return now;
    const next = await Promise.race([changes.next(), sleep(500)]);
    if (next && !next.done && wanted(next.value.uploadChanged)) return next.value.uploadChanged;
  }
}

const headers = () => ({ cookie: holdfast.cookie, "tus-resumable": "1.0.0" });
const addressOf = (id: string) => `${holdfast.url}/uploads/${id}`;
const patch = (id: string, offset: number, body: Buffer | string, more: Record<string, string> = {}) =>
  fetch(addressOf(id), {
    method: "PATCH",
    headers: { ...headers(), "content-type": "application/offset+octet-stream", "upload-offset": String(offset), ...more },
    body: new Uint8Array(Buffer.from(body)),
  });
const offsetOf = async (id: string) => {
  const answer = await fetch(addressOf(id), { method: "HEAD", headers: headers() });
  return Number(answer.headers.get("upload-offset"));
};

const dump = "CREATE TABLE `egg` (`id` int PRIMARY KEY, `colour` varchar(20));\nINSERT INTO `egg` VALUES (1,'brown'),(2,'white');\n";

describe("an upload", () => {
  it("goes on where it stopped, after a lost connection and a restart of the server", async () => {
    const bytes = Buffer.from(dump + "-- ".padEnd(200, "x").concat("\n").repeat(60_000));
    const path = join(folder.path, "big.sql");
    await writeFile(path, bytes);
    const { id } = await announce("big.sql", bytes.length);
    // The connection is cut from here in the middle.
    await new Promise<void>((resolve, reject) => {
      const sending = new TusUpload(createReadStream(path), {
        uploadUrl: addressOf(id),
        headers: { cookie: holdfast.cookie },
        uploadSize: bytes.length,
        chunkSize: 1_000_000,
        retryDelays: null,
        onProgress: (sent) => {
          if (sent > 3_000_000) void sending.abort().then(resolve);
        },
        onError: reject,
      });
      sending.start();
    });
    const before = await offsetOf(id);
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(bytes.length);
    await holdfast.kill();
    await holdfast.restart();
    expect(await offsetOf(id)).toBe(before);
    expect(await show(id)).toMatchObject({ state: "RECEIVING", receivedBytes: before, complete: false });
    await new Promise<void>((resolve, reject) => {
      const sending = new TusUpload(createReadStream(path), {
        uploadUrl: addressOf(id),
        headers: { cookie: holdfast.cookie },
        uploadSize: bytes.length,
        chunkSize: 5_000_000,
        onSuccess: () => resolve(),
        onError: reject,
      });
      sending.start();
    });
    expect(await inspectedUpload(id)).toMatchObject({
      state: "READY",
      complete: true,
      detectedFormat: "sql",
      database: { tables: [{ name: "egg", rows: 2 }] },
    });
    expect((await readFile(join(holdfast.home, "uploads", id))).equals(bytes)).toBe(true);
  });

  it("is inspected also when the server dies before, and restores into the database that is chosen", async () => {
    await using database = await freshDatabase("target");
    await using neighbour = await freshDatabase("neighbour");
    await neighbour.sql.query("CREATE TABLE egg (id int); INSERT INTO egg VALUES (9)");
    await database.sql.query("CREATE TABLE old (id int)");
    const source = await addSource(holdfast, `Target ${database.name}`, database.name);
    const { id } = await announce("../../eggs\r\n.sql", Buffer.byteLength(dump));
    expect((await patch(id, 0, dump)).status).toBe(204);
    await holdfast.kill();
    await holdfast.restart();
    expect(await inspectedUpload(id)).toMatchObject({ state: "READY" });
    const restored = await restore(holdfast, { uploadIds: [id], type: "DATABASE", targetSourceId: source });
    expect(restored).toMatchObject({ status: "COMPLETED", error: null });
    const [rows] = await database.sql.query<RowDataPacket[]>("SELECT * FROM egg ORDER BY id");
    expect(rows).toEqual([
      { id: 1, colour: "brown" },
      { id: 2, colour: "white" },
    ]);
    const [tables] = await database.sql.query<RowDataPacket[]>("SHOW TABLES");
    expect(tables.length).toBe(1);
    expect((await neighbour.sql.query<RowDataPacket[]>("SELECT * FROM egg"))[0]).toEqual([{ id: 9 }]);
  });

  it("that is refused, unfinished or gone restores nothing", async () => {
    await using database = await freshDatabase("target");
    await database.sql.query("CREATE TABLE old (id int)");
    const source = await addSource(holdfast, `Refusing ${database.name}`, database.name);
    const hostile = `${dump}GRANT ALL ON *.* TO nobody;\n`;
    const { id } = await announce("dump.sql", Buffer.byteLength(hostile));
    const asked = { uploadIds: [id], type: "DATABASE", targetSourceId: source };
    await expect(restore(holdfast, asked)).rejects.toThrow(/^BAD_USER_INPUT: dump.sql has not arrived whole yet/);
    await patch(id, 0, hostile);
    expect(await inspectedUpload(id)).toMatchObject({
      state: "REFUSED",
      problem: expect.stringContaining("Line 3: GRANT"),
      findings: expect.arrayContaining([expect.objectContaining({ reason: "SQL_NOT_ALLOWED", severity: "REFUSED", line: 3 })]),
    });
    await expect(restore(holdfast, asked)).rejects.toThrow(/^BAD_USER_INPUT: dump.sql cannot be restored: Line 3: GRANT/);
    await holdfast.graphql("mutation ($id: ID!) { deleteUpload(id: $id) }", { id });
    await expect(restore(holdfast, asked)).rejects.toThrow(/^NOT_FOUND/);
    const [tables] = await database.sql.query<RowDataPacket[]>("SHOW TABLES");
    expect(tables.length).toBe(1);
  });

  it("refuses a wrong place, lies about its size, and other methods", async () => {
    const { id } = await announce("a.sql", 10);
    expect((await patch(id, 5, "12345")).status).toBe(409);
    expect((await patch(id, 0, "12345")).status).toBe(204);
    expect((await patch(id, 0, "12345")).status).toBe(409);
    // More than was announced never lands.
    const more = await patch(id, 5, "1234567890").catch(() => null);
    expect(more?.status).not.toBe(204);
    expect(await offsetOf(id)).toBeLessThanOrEqual(10);
    expect((await stat(join(holdfast.home, "uploads", id))).size).toBeLessThanOrEqual(10);
    for (const [method, address, status] of [
      ["POST", `${holdfast.url}/uploads`, 400],
      ["POST", addressOf(id), 400],
      ["GET", addressOf(id), 400],
      ["HEAD", addressOf("0a1b2c3d-0000-4000-8000-000000000000"), 404],
      ["HEAD", `${holdfast.url}/uploads/..%2f..%2fetc%2fpasswd`, 404],
    ] as const)
      expect((await fetch(address, { method, headers: { ...headers(), "upload-length": "3" } })).status, `${method} ${address}`).toBe(
        status,
      );
    expect((await fetch(addressOf(id), { method: "DELETE", headers: headers() })).status).toBe(204);
    expect(await show(id)).toBeNull();
    expect(await readdir(join(holdfast.home, "uploads"))).not.toContain(id);
    await expect(announce("a.sql", 0)).rejects.toThrow(/^BAD_USER_INPUT/);
    await expect(announce("a.sql", 1e15)).rejects.toThrow(/^STORAGE_FULL: The file has 1\.00 PB, and .* are free/);
  });

  it("is nobody's but an administrator's, and no other page's", async () => {
    const { id } = await announce("a.sql", 3);
    const made = await holdfast.graphql<{ createApiToken: { secret: string } }>(
      'mutation { createApiToken(input: { name: "reader", role: VIEWER }) { secret } }',
    );
    const asked = async (more: Record<string, string>) =>
      (await fetch(addressOf(id), { method: "HEAD", headers: { "tus-resumable": "1.0.0", ...more } })).status;
    expect(await asked({})).toBe(401);
    expect(await asked({ authorization: "Bearer wrong" })).toBe(401);
    expect(await asked({ authorization: `Bearer ${made.createApiToken.secret}` })).toBe(403);
    expect(await asked({ cookie: holdfast.cookie, origin: "https://elsewhere.example" })).toBe(403);
    expect(await asked({ cookie: holdfast.cookie })).toBe(200);
    const viewer = { authorization: `Bearer ${made.createApiToken.secret}` };
    await expect(ask(holdfast.url, viewer, "{ uploads { id } }")).rejects.toThrow(/^FORBIDDEN/);
    await expect(ask(holdfast.url, viewer, 'mutation { createUpload(filename: "x", size: 1) { id } }')).rejects.toThrow(/^FORBIDDEN/);
  });

  it.each([
    ["a path", "../../x", "../../x"],
    ["two lines", "a\r\nb", "a\\u000d\\u000ab"],
    ["quoted", '"quoted".sql', '"quoted".sql'],
    ["written backwards", "\u202Egpj.sql", "\\u202egpj.sql"],
    ["empty", "", "unnamed"],
    ["4 KB long", "x".repeat(4096), "x".repeat(255)],
  ])("keeps a name that is %s for people only", async (_what, given, kept) => {
    const { id, filename } = await announce(given, 3);
    expect(filename).toBe(kept);
    const { mode } = await stat(join(holdfast.home, "uploads", id));
    expect(mode & 0o777).toBe(0o600);
    expect((await stat(join(holdfast.home, "uploads"))).mode & 0o777).toBe(0o700);
  });
});

describe("a backup that was downloaded", () => {
  it("is taken for what it is, restores as the backup does, and is refused when a byte of it changed", async () => {
    await using database = await freshDatabase("home");
    await database.sql.query(
      "CREATE TABLE egg (id int PRIMARY KEY); INSERT INTO egg VALUES (1), (2); CREATE VIEW eggs AS SELECT * FROM egg",
    );
    const media = await makeTree(join(folder.path, "home-media"), { "a/b.txt": "b", "c.txt": "c" });
    const source = await addSource(holdfast, `Home ${database.name}`, database.name, [media]);
    const { id: backupId } = await backUp(holdfast, { sourceId: source, type: "FULL" });
    const { createDownload } = await holdfast.graphql<{ createDownload: { url: string; filename: string } }>(
      "mutation ($id: ID!) { createDownload(backupId: $id) { url filename } }",
      { id: backupId },
    );
    const bytes = Buffer.from(await (await fetch(createDownload.url)).arrayBuffer());

    const { id } = await announce(createDownload.filename, bytes.length);
    await patch(id, 0, bytes);
    expect(await inspectedUpload(id)).toMatchObject({
      ...{ state: "READY", detectedFormat: "holdfast" },
      database: { tables: [{ name: "egg", rows: 2 }] },
      media: { files: 2 },
    });
    await database.sql.query("DROP VIEW eggs; DELETE FROM egg");
    await rm(join(media, "c.txt"));
    const restored = await restore(holdfast, { uploadIds: [id], type: "FULL", targetSourceId: source });
    expect(restored).toMatchObject({ status: "COMPLETED", error: null });
    expect((await database.sql.query<RowDataPacket[]>("SELECT * FROM eggs"))[0]).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await readFile(join(media, "c.txt"), "utf8")).toBe("c");

    // In the first and in the last of its files, which are packed by zstd.
    const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
    for (const at of [bytes.indexOf(magic) + 60, bytes.lastIndexOf(magic) + 20]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const other = await announce("changed.tar", changed.length);
      await patch(other.id, 0, changed);
      expect(await inspectedUpload(other.id)).toMatchObject({ state: "REFUSED", findings: [{ reason: "ARCHIVE_CORRUPT" }] });
    }
  });
});

describe("a large upload", () => {
  it("leaves the server's memory flat while 300 MB come in and are inspected and restored", async () => {
    await using database = await freshDatabase("large");
    const source = await addSource(holdfast, `Large ${database.name}`, database.name);
    const path = join(folder.path, "large.sql");
    const row = `(NULL,'${"text that a page may hold; ".repeat(36)}'),\n`;
    const insert = `INSERT INTO page (id, body) VALUES ${row.repeat(1000).slice(0, -2)};\n`;
    await writeFile(path, "CREATE TABLE page (id int PRIMARY KEY AUTO_INCREMENT, body text);\n");
    for (let written = 0; written < 300e6; written += insert.length) await appendFile(path, insert);
    const { size } = await stat(path);
    const { id } = await announce("large.sql", size);
    let most = 0;
    const watch = setInterval(() => {
      const [, pages] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${holdfast.pid}/status`, "utf8")) ?? [];
      most = Math.max(most, Number(pages) / 1024);
    }, 100);
    try {
      await new Promise<void>((resolve, reject) => {
        const sending = new TusUpload(createReadStream(path), {
          ...{ uploadUrl: addressOf(id), headers: { cookie: holdfast.cookie }, uploadSize: size, chunkSize: 64_000_000 },
          onSuccess: () => resolve(),
          onError: reject,
        });
        sending.start();
      });
      expect(await inspectedUpload(id)).toMatchObject({ state: "READY", database: { tables: [{ name: "page" }] } });
      expect(await restore(holdfast, { uploadIds: [id], type: "DATABASE", targetSourceId: source })).toMatchObject({
        status: "COMPLETED",
        error: null,
      });
    } finally {
      clearInterval(watch);
    }
    process.stdout.write(`At most ${Math.round(most)} MiB in use.\n`);
    // The server itself takes about 200; whoever held the file would take 300 more.
    expect(most).toBeLessThan(450);
  }, 180_000);
});
