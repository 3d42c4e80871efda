import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BackupId, SourceId } from "../../server/domain/ids.ts";
import type { BackupRequest } from "../../server/services/backups.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { link, makeTree, readTree } from "../support/trees.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

type Database = Awaited<ReturnType<typeof freshDatabase>>;

let app: Wired;
let shop: Database;
let elsewhere: Database;
let [media, otherMedia] = ["", ""];
let [source, other]: SourceId[] = [];
beforeAll(async () => {
  app = await wired(new Date());
  [shop, elsewhere] = [await freshDatabase("shop"), await freshDatabase("elsewhere")];
  await shop.sql.query(`
    CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, name varchar(50) CHARACTER SET latin1, KEY (name));
    INSERT INTO orders VALUES (1, _latin1 X'E9E8'), (2, '),\\n(3,\\'x'), (7, NULL);
    CREATE TABLE log (what text);
    CREATE TRIGGER told AFTER INSERT ON orders FOR EACH ROW INSERT INTO log VALUES ('new');
    CREATE VIEW names AS SELECT name FROM orders`);
  media = await makeTree(join(app.home, "shop-media"), {
    "a.bin": randomBytes(300_000),
    "b/c.txt": "c",
    "b/empty": "",
    "b/link": link("c.txt"),
  });
  otherMedia = join(app.home, "other-media");
  await mkdir(otherMedia);
  const { sources, storages } = app.app.services;
  await storages.create(administrator, { name: "Disk", kind: "LOCAL", local: { directory: join(app.home, "disk") }, isDefault: true });
  const add = async (name: string, database: Database, folder: string) =>
    (await sources.create(administrator, { name, database: database.connection, mediaPaths: [folder] })).id;
  [source, other] = [await add("Shop", shop, media), await add("Elsewhere", elsewhere, otherMedia)];
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await shop?.[Symbol.asyncDispose]();
  await elsewhere?.[Symbol.asyncDispose]();
});

/** Takes a backup by several connections; its whole download. */
async function downloaded(request: Partial<BackupRequest>): Promise<{ bytes: Buffer; filename: string }> {
  const { backups, downloads } = app.app.services;
  app.setClock(new Date(app.now().getTime() + 60_000));
  const asked = { type: "FULL", sourceId: source as SourceId, databaseEngine: "PARALLEL", encrypt: false, ...request } as const;
  const { id } = await backups.create(administrator, asked, "MANUAL");
  await app.performAll();
  expect(await backups.existing(id as BackupId)).toMatchObject({ status: "COMPLETED", engineUsed: "PARALLEL" });
  const { path, filename } = await downloads.create(administrator, id, { artifact: null, path: null, archive: null });
  const body = await (await downloads.open(path.split("/")[2] ?? "", filename))?.body();
  if (!body || !("read" in body)) throw new Error("The link leads nowhere");
  return { bytes: await buffer(await body.read(0, body.size - 1, new AbortController().signal)), filename };
}
const sent = ({ bytes, filename }: { bytes: Buffer; filename: string }) =>
  app.app.services.uploads.receive(administrator, filename, Readable.from([bytes]), bytes.length, new AbortController().signal);
const content = async ({ sql }: Database) => {
  const query = async (text: string) => (await sql.query<RowDataPacket[]>(text))[0];
  return [
    await query("SELECT id, HEX(name) FROM orders ORDER BY id"),
    await query("SELECT * FROM log"),
    await query("SELECT HEX(name) FROM names ORDER BY 1"),
  ];
};

describe("a downloaded backup that is brought to another place", () => {
  it.each(["ARCHIVE", "INCREMENTAL"] as const)("restores database and media there: %s", async (mediaMode) => {
    const { restores } = app.app.services;
    // The second of two shares packs with the first.
    if (mediaMode === "INCREMENTAL") await downloaded({ mediaMode });
    const upload = await sent(await downloaded({ mediaMode }));
    expect(upload).toMatchObject({ state: "READY", format: "holdfast", problem: null });
    expect(upload.inspection).toMatchObject({
      media: { files: 3, links: 1 },
      database: { tables: [{ name: "log" }, { name: "orders", rows: 3 }] },
    });
    await elsewhere.sql.query("DROP VIEW IF EXISTS names; DROP TABLE IF EXISTS orders, log");
    await makeTree(otherMedia, { "old.txt": "old" });
    const request = { uploadIds: [upload.id], type: "FULL", targetSourceId: other as SourceId, backupBeforeRestore: false } as const;
    const { id } = await restores.create(administrator, request);
    await app.performAll();
    expect(await restores.existing(id)).toMatchObject({ status: "COMPLETED", errorMessage: null });
    expect(await content(elsewhere)).toEqual(await content(shop));
    expect(await readTree(otherMedia)).toEqual(await readTree(media));
  });

  it("is refused with what to do when it is encrypted", async () => {
    for (const [mediaMode, hint] of [
      ["ARCHIVE", "age -d -i key.txt"],
      ["INCREMENTAL", "read-incremental.mjs --key key.txt"],
    ] as const) {
      const upload = await sent(await downloaded({ mediaMode, encrypt: true }));
      expect(upload).toMatchObject({ state: "REFUSED", problem: { reason: "ENCRYPTED", hint: expect.stringContaining(hint) } });
    }
  });
});
