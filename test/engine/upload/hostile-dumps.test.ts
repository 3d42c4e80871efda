import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type BundleEntry, bundle } from "../../../server/engine/bundle.ts";
import { inspectUpload } from "../../../server/engine/upload/inspect.ts";
import { after, table } from "../../support/hostile-statements.ts";
import { inspected, temporaryFolder } from "../../support/uploads.ts";

describe("files of a stranger", () => {
  const utf16 = Buffer.from(`\uFEFF${table}`, "utf16le");
  const other: readonly (readonly [what: string, bytes: Buffer | string, reason: string])[] = [
    ["an empty gzip", gzipSync(""), "EMPTY_DUMP"],
    ["comments only", "-- nothing\n/* here */\n", "EMPTY_DUMP"],
    ["PostgreSQL's text", "--\n-- PostgreSQL database dump\n--\nSET statement_timeout = 0;\n", "NOT_A_MYSQL_DUMP"],
    ["PostgreSQL's own format", "PGDMP\x01\x0e", "NOT_A_MYSQL_DUMP"],
    ["an SQLite database", "SQLite format 3\0", "NOT_A_MYSQL_DUMP"],
    ["an SQLite dump", "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "NOT_A_MYSQL_DUMP"],
    ["a web page", "<!DOCTYPE html>\n<title>Sign in</title>", "NOT_A_MYSQL_DUMP"],
    ["JSON", '{"error": "not found"}', "NOT_A_MYSQL_DUMP"],
    ["UTF-16", utf16, "NOT_A_MYSQL_DUMP"],
    ["bytes", Buffer.from([0, 1, 2, 3, 255, 254, 0, 0, 9]), "NOT_A_MYSQL_DUMP"],
    ["a file encrypted with age", "age-encryption.org/v1\n-> X25519 abc\n", "ENCRYPTED"],
    ["the same as text", "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", "ENCRYPTED"],
    ["a gzip in a gzip", gzipSync(gzipSync(table)), "NESTED_COMPRESSION"],
    ["a zstd in a gzip", gzipSync(zstdCompressSync(table)), "NESTED_COMPRESSION"],
    ["a cut gzip", gzipSync(table.repeat(500)).subarray(0, -9), "ARCHIVE_CORRUPT"],
    ["a flipped gzip", flipped(gzipSync(table.repeat(500)), -6), "ARCHIVE_CORRUPT"],
    ["a gzip with a tail of garbage", Buffer.concat([gzipSync(table), Buffer.from("garbage")]), "ARCHIVE_CORRUPT"],
    ["a cut zstd", zstdCompressSync(table.repeat(500)).subarray(0, -3), "ARCHIVE_CORRUPT"],
    ["a zstd with a tail of garbage", Buffer.concat([zstdCompressSync(table), Buffer.from("garbage")]), "ARCHIVE_CORRUPT"],
    ["a zstd with a window of 2 GiB", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00]), "UNPACKED_TOO_LARGE"],
    ["more than fits", gzipSync(Buffer.alloc(3_000_000, "-- x\n")), "UNPACKED_TOO_LARGE"],
  ];

  it.each(other)("refuses %s", async (_what, bytes, reason) => {
    await using folder = await temporaryFolder();
    const { inspection } = await inspected(folder.path, "dump.sql", bytes, 1_000_000);
    expect(inspection.findings.map((finding) => finding.reason)).toContain(reason);
    expect(inspection.findings.some(({ severity }) => severity === "REFUSED")).toBe(true);
  });

  it("goes by the content, and says so where the name promises something else", async () => {
    await using folder = await temporaryFolder();
    const packed = [
      ["dump.sql", gzipSync(table), "sql.gz", true],
      ["dump.sql.gz", zstdCompressSync(table), "sql.zst", true],
      ["dump.gz", Buffer.concat([gzipSync(table), gzipSync("INSERT INTO t VALUES (1,'a');\n")]), "sql.gz", false],
      ["dump", Buffer.from(table), "sql", false],
    ] as const;
    for (const [name, bytes, format, misnamed] of packed) {
      const { path } = await inspected(folder.path, name, bytes);
      const inspection = await inspectUpload({ path, filename: name, roomBytes: 1e9 }, AbortSignal.timeout(60_000));
      expect(inspection.format).toBe(format);
      expect(
        inspection.findings.some(({ reason }) => reason === "TYPE_MISMATCH"),
        name,
      ).toBe(misnamed);
      expect(inspection.database?.tables.map((each) => each.name)).toEqual(["t"]);
    }
  });
});

describe("a forged download of Holdfast", () => {
  const manifestFor = (sql: Buffer) => ({
    ...{ format: 1, generator: "holdfast", id: "0a1b2c3d-0000-4000-8000-000000000000", name: "Forged", description: null },
    ...{ type: "DATABASE", trigger: "MANUAL", source: { id: "shop", name: "Shop" }, compression: "NONE", encrypted: false },
    ...{ excludeLogs: true, createdAt: "2026-11-22T03:00:00.000Z", startedAt: "2026-11-22T03:00:00.000Z" },
    finishedAt: "2026-11-22T03:00:01.000Z",
    artifacts: [
      {
        name: "database.sql",
        part: "database",
        size: sql.length,
        storedSize: sql.length,
        sha256: createHash("sha256").update(sql).digest("hex"),
      },
    ],
    database: {
      ...{ name: "shop", flavour: "mariadb", serverVersion: "10.11.9", characterSet: "utf8mb4", collation: "utf8mb4_general_ci" },
      tables: [{ name: "t", rows: 0, engine: "InnoDB", bytes: 0 }],
      definitions: { views: 0, triggers: 0, procedures: 0, functions: 0, events: 0 },
      ...{ dataBytes: 0, notes: [] },
    },
    ...{ media: null, restoreCommands: [] },
  });
  const fileOf = (name: string, bytes: Buffer): BundleEntry => ({
    ...{ name: `shop-2026/${name}`, size: bytes.length, mtime: new Date(0) },
    open: async ({ start, end }) => Readable.from([bytes.subarray(start, end + 1)]),
  });
  const tarOf = (sql: Buffer, manifest: object) => {
    const tar = bundle([fileOf("manifest.json", Buffer.from(JSON.stringify(manifest))), fileOf("database.sql", sql)]);
    return buffer(Readable.from(tar.read(0, tar.size - 1, new AbortController().signal)));
  };
  const good = Buffer.from(table);
  const bad = Buffer.from(after("GRANT ALL ON *.* TO x;\n"));
  const forged: readonly (readonly [what: string, sql: Buffer, manifest: object, reason: string | null])[] = [
    ["nothing wrong", good, manifestFor(good), null],
    ["SQL that no dump holds", bad, manifestFor(bad), "SQL_NOT_ALLOWED"],
    ["another dump than its manifest's", bad, manifestFor(good), "ARCHIVE_CORRUPT"],
    ["a manifest of the future", good, { ...manifestFor(good), format: 2 }, "MANIFEST_INVALID"],
    [
      "an artifact that climbs out",
      good,
      { ...manifestFor(good), artifacts: [{ ...manifestFor(good).artifacts[0], name: "../x" }] },
      "MANIFEST_INVALID",
    ],
    [
      "an artifact that is missing",
      good,
      { ...manifestFor(good), artifacts: [{ ...manifestFor(good).artifacts[0], name: "other.sql" }] },
      "MANIFEST_INVALID",
    ],
  ];

  it.each(forged)("with %s is judged like any upload", async (_what, sql, manifest, reason) => {
    await using folder = await temporaryFolder();
    const { inspection } = await inspected(folder.path, "backup.tar", await tarOf(sql, manifest));
    const refusals = inspection.findings.filter(({ severity }) => severity === "REFUSED").map((finding) => finding.reason);
    if (reason === null) expect([inspection.format, refusals]).toEqual(["holdfast", []]);
    else expect(refusals).toContain(reason);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = copy.length + at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}
