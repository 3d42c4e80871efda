import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { RowDataPacket } from "mysql2";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Manifest } from "../../server/domain/manifest.ts";
import { s3Storage } from "../../server/engine/storage/s3.ts";
import { type S3Server, s3Keys, s3Server } from "../support/s3-server.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { restoreWithStockTools } from "../support/stock-restore.ts";
import { backUpTo, folder } from "../support/taken-backup.ts";
import { makeTree, readTree } from "../support/trees.ts";

const run = promisify(execFile);
const quick = { allowed: ["127.0.0.0/8"], firstWaitMilliseconds: 5, partSizes: () => () => 1024 * 1024 };

let home: string;
let server: S3Server;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-sealed-s3-"));
  server = await s3Server();
});
afterAll(async () => {
  await server.stop();
  await rm(home, { recursive: true, force: true });
});

it("an encrypted backup on S3 is restored without Holdfast: plain downloads, then the commands of its own manifest.json", async () => {
  await using shop = await freshDatabase("sealed_s3");
  await shop.sql.query(`
    CREATE TABLE goods (id INT PRIMARY KEY, name VARCHAR(200), price DECIMAL(10,2));
    INSERT INTO goods SELECT seq, SHA2(seq, 512), seq / 8 FROM seq_1_to_20000;
    CREATE TABLE notes (id INT PRIMARY KEY, text VARCHAR(50), picture BLOB);
    INSERT INTO notes VALUES (1, 'größe – 東京 🦀', UNHEX('00FF0A0D1A275C')), (2, NULL, NULL)`);
  const media = await makeTree(join(home, "media"), {
    "a.txt": "first file",
    "deep/größe – 東京.bin": randomBytes(3_000_000),
    "deep/empty": "",
  });
  const keyFile = join(home, "identity.txt");
  await run("age-keygen", ["-o", keyFile]);
  const recipients = [(await run("age-keygen", ["-y", keyFile])).stdout.trim()];
  const seal = {
    encryption: { format: "age-encryption.org/v1", keyId: "0a1b2c3d", recipients },
    mac: { keyId: "0a1b2c3d", key: randomBytes(32) },
  } as const;
  const bucket = await server.bucket();
  const what = { connection: shop.connection, roots: [media] };
  await backUpTo(s3Storage(bucket, s3Keys, quick), what, { compression: "ZSTD", level: 3 }, seal);

  const place = await mkdtemp(join(home, "fetched-"));
  const { objects, uploads } = await server.held(bucket);
  expect(uploads).toEqual([]);
  expect(objects).toEqual(
    ["database.sql.zst.age", "manifest.json", "media.index.zst.age", "media.tar.zst.age"].map((name) => `${folder}/${name}`),
  );
  for (const name of objects) {
    if (name === undefined) throw new Error("An object without a name");
    const { Body } = await server.client.send(new GetObjectCommand({ Bucket: bucket.bucket, Key: name }));
    await writeFile(join(place, name.slice(folder.length + 1)), (await Body?.transformToByteArray()) ?? "");
  }
  const manifest: Manifest = JSON.parse(await readFile(join(place, "manifest.json"), "utf8"));
  expect(manifest.restoreCommands).toEqual([expect.stringMatching(/^age -d .*zstd.*mariadb/), expect.stringMatching(/^age -d .*tar/)]);
  await using target = await freshDatabase("stock_s3");
  await restoreWithStockTools(place, manifest, target, await readFile(keyFile));

  const contents = async ({ sql }: typeof target) => [
    (await sql.query("SELECT COUNT(*) AS number FROM goods"))[0],
    (await sql.query("SELECT * FROM notes ORDER BY id"))[0],
    (await sql.query<RowDataPacket[]>("CHECKSUM TABLE goods, notes EXTENDED"))[0].map(({ Checksum }) => Checksum),
  ];
  expect((await contents(target))[0]).toEqual([{ number: 20_000 }]);
  expect(await contents(target)).toEqual(await contents(shop));
  expect(await readTree(join(place, "media"))).toEqual(await readTree(media));
});
