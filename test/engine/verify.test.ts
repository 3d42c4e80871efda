import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findServersBelow } from "../../server/db/embedded/processes.ts";
import { openThrowaway } from "../../server/db/embedded/throwaway.ts";
import { Failure } from "../../server/domain/errors.ts";
import type { Report } from "../../server/domain/progress.ts";
import type { VerificationReport } from "../../server/domain/verification.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import { type DrillMeans, drill, verifyChecksum } from "../../server/engine/verify.ts";
import { makeNasty } from "../support/nasty.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { fileOf, type TakenBackup, takeBackup, withContent, withManifest } from "../support/taken-backup.ts";
import { makeTree } from "../support/trees.ts";

let home: string;
let media: string;
let shop: Awaited<ReturnType<typeof freshDatabase>>;
let backup: TakenBackup;

const means: DrillMeans = {
  openScratchServer: (bytes, { signal }) => openThrowaway(home, { signal, bytes }),
  tools: () => findTools(null),
};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-home-"));
  media = await makeTree(join(home, "media"), {
    "a.txt": "first file",
    "deep/b.bin": Buffer.alloc(300_000, "holdfast"),
    "deep/empty": "",
    "unlike.txt": "some words that stand nowhere else",
  });
  shop = await freshDatabase("shop");
  await shop.sql.query(`
    CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(50), balance DECIMAL(10,2));
    INSERT INTO customers VALUES (1, 'Ada', 10.50), (2, 'Grace', 20.25), (3, 'Barbara', 30.75);
    CREATE TABLE orders (id INT PRIMARY KEY, customer INT, total DOUBLE);
    INSERT INTO orders SELECT seq, 1 + seq MOD 3, seq / 7 FROM seq_1_to_2000;
    CREATE TABLE visits (page VARCHAR(20), at DATETIME) ENGINE = MyISAM;
    INSERT INTO visits SELECT CONCAT('page ', seq), '2026-01-01' + INTERVAL seq MINUTE FROM seq_1_to_500;
    CREATE TRIGGER charge AFTER INSERT ON orders FOR EACH ROW UPDATE customers SET balance = balance - NEW.total WHERE id = NEW.customer;
    CREATE TRIGGER refund AFTER DELETE ON orders FOR EACH ROW UPDATE customers SET balance = balance + OLD.total WHERE id = OLD.customer;
    CREATE VIEW rich AS SELECT * FROM customers WHERE balance > 20;
    CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM visits;
  `);
  backup = await takeBackup({ connection: shop.connection, roots: [media] });
});
afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

interface Told {
  readonly report: VerificationReport;
  readonly progress: readonly Report[];
  readonly log: readonly string[];
}

async function verify(taken: TakenBackup, level: "CHECKSUM" | "RESTORE", signal = new AbortController().signal): Promise<Told> {
  const progress: Report[] = [];
  const log: string[] = [];
  const work = {
    signal,
    say: (level: string, line: string) => void log.push(`${level} ${line}`),
    report: (at: Report) => void progress.push(at),
  };
  const plan = { ...taken, now: () => new Date() };
  const report = level === "CHECKSUM" ? await verifyChecksum(plan, work) : await drill(plan, means, work);
  expect(await findServersBelow(home), "a server left running").toEqual([]);
  expect(await readdir(join(home, "work")).catch(() => [])).toEqual([]);
  return { report, progress, log };
}

describe("an untouched backup", () => {
  it("passes by checksum", async () => {
    const { report, log } = await verify(backup, "CHECKSUM");
    const stored = [...backup.storage.files]
      .filter(([name]) => !name.endsWith("manifest.json"))
      .reduce((sum, [, bytes]) => sum + bytes.length, 0);
    expect(report).toEqual({ passed: true, problems: [], tables: [], filesChecked: null, bytesChecked: stored, restoreSeconds: null });
    expect(log.at(-1)).toMatch(/^INFO Passed/);
  });

  it("passes the drill with every table, every file and the time that it took", async () => {
    const { report, progress } = await verify(backup, "RESTORE");
    expect(report).toMatchObject({ passed: true, problems: [], filesChecked: 4 });
    expect(report.tables).toEqual(
      [
        ["customers", 3],
        ["orders", 2000],
        ["visits", 500],
      ].map(([table, rows]) => ({ table, expectedRows: rows, restoredRows: rows, matches: true, problem: null })),
    );
    expect(report.restoreSeconds).toBeGreaterThan(0);
    expect([...new Set(progress.map(({ phase }) => phase))]).toEqual(["PREPARING", "DATABASE", "VERIFYING", "MEDIA", "FINISHING"]);
    const bytes = progress.map(({ bytesProcessed }) => bytesProcessed);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(bytes.at(-1)).toBe(progress[0]?.bytesExpected);
  });

  it("passes the drill with a schema that trips dump tools, and without compression or with gzip", async () => {
    await using nasty = await freshDatabase("nasty");
    await makeNasty(nasty.connection);
    await nasty.sql.query("CREATE TABLE pages_squeezed (id INT PRIMARY KEY) PAGE_COMPRESSED = 1");
    await nasty.sql.query("CREATE DEFINER = `gone`@`nowhere` VIEW orphan AS SELECT id FROM many");
    await nasty.sql.query("CREATE DEFINER = `gone`@`nowhere` VIEW orphan_on_orphan AS SELECT id FROM orphan").catch(() => {});
    for (const compression of ["NONE", "GZIP"] as const) {
      const taken = await takeBackup({ connection: nasty.connection }, { compression, level: compression === "NONE" ? 0 : 6 });
      for (const level of ["CHECKSUM", "RESTORE"] as const)
        expect((await verify(taken, level)).report).toMatchObject({ passed: true, problems: [] });
    }
  });
});

describe("damage", () => {
  const failed = (...problems: readonly (string | RegExp)[]) => ({
    passed: false,
    restoreSeconds: null,
    problems: problems.map((problem) => expect.stringMatching(problem)),
  });

  /** The stored bytes of an artifact, changed. */
  function withBytes(part: "database" | "media", change: (bytes: Buffer) => Buffer | null): TakenBackup {
    const changed = withManifest(backup, backup.manifest);
    const name = fileOf(backup, part);
    const bytes = change(Buffer.from(backup.storage.files.get(name) ?? Buffer.alloc(0)));
    if (bytes) changed.storage.files.set(name, bytes);
    else changed.storage.files.delete(name);
    return changed;
  }
  const flipped = (bytes: Buffer) => {
    const at = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes;
  };

  const stored: readonly (readonly [string, () => TakenBackup | Promise<TakenBackup>, RegExp])[] = [
    ["a flipped byte of the dump", () => withBytes("database", flipped), /^database\.sql\.zst is not what was stored/],
    ["a flipped byte of the media", () => withBytes("media", flipped), /^media\.tar\.zst is not what was stored/],
    [
      "a dump that is cut off",
      () => withBytes("database", (bytes) => bytes.subarray(0, -100)),
      /^database\.sql\.zst is not what was stored/,
    ],
    [
      "an archive with bytes behind it",
      () => withBytes("media", (bytes) => Buffer.concat([bytes, bytes])),
      /^media\.tar\.zst is not what was stored/,
    ],
    ["a dump that is gone", () => withBytes("database", () => null), /database\.sql\.zst/],
    ["an archive that is gone", () => withBytes("media", () => null), /media\.tar\.zst/],
    [
      "an altered value",
      () => withContent(backup, "database", (sql) => sql.replace("'Grace',20.25", "'Grace',20.26"), { forged: false }),
      /^database\.sql\.zst is not what was stored/,
    ],
    [
      "a manifest that was altered on the storage",
      () => ({ ...withManifest(backup, { ...backup.manifest, name: "Another" }), manifest: backup.manifest }),
      /^manifest\.json is not what was written: its field name differs/,
    ],
    [
      "a manifest that is gone",
      () => {
        const changed = withManifest(backup, backup.manifest);
        changed.storage.files.delete(`${backup.folder}/manifest.json`);
        return changed;
      },
      /^There is no manifest/,
    ],
    [
      "a manifest that names no dump",
      () => withManifest(backup, { ...backup.manifest, artifacts: backup.manifest.artifacts.filter(({ part }) => part === "media") }),
      /holds no database/,
    ],
  ];
  it.each(stored)("%s is found by checksum and by the drill", async (_, tamper, problem) => {
    const taken = await tamper();
    expect((await verify(taken, "CHECKSUM")).report).toMatchObject(failed(problem));
    const { report, log } = await verify(taken, "RESTORE");
    expect(report).toMatchObject(failed(problem));
    expect(log).toContainEqual(`ERROR ${report.problems[0]}`);
  });

  const forged: readonly (readonly [string, (sql: string) => string, readonly RegExp[]])[] = [
    ["an altered value", (sql) => sql.replace("'Grace',20.25", "'Grace',20.26"), [/^Table customers\b.*rows/]],
    ["an altered value of a table without a key", (sql) => sql.replace("'page 7'", "'page x'"), [/^Table visits\b.*rows/]],
    ["a row less", (sql) => sql.replace(/\(1,'Ada',10\.50\),?\s*/, ""), [/^Table customers\b.* 2 rows/]],
    [
      "a missing table",
      (sql) => sql.replace(/DROP TABLE IF EXISTS `orders`[\s\S]*?(?=DROP TABLE IF EXISTS `visits`)/, ""),
      [/^Table orders\b.* missing/, /triggers .*instead of 2/],
    ],
    ["a missing trigger", (sql) => sql.replace(/[^\n]*TRIGGER refund[^;]*;;/, ";;"), [/has 1 triggers instead of 2/]],
    ["a missing view", (sql) => sql.replaceAll(/\/\*!50001 CREATE[^;]*`rich`[^;]*;/g, ""), [/has 0 views instead of 1/]],
  ];
  it.each(forged)("%s is found by both although the sums were forged", async (_, change, problems) => {
    const taken = await withContent(backup, "database", change, { forged: true });
    expect((await verify(taken, "CHECKSUM")).report).toMatchObject(failed(...problems));
    expect((await verify(taken, "RESTORE")).report).toMatchObject(failed(...problems));
  });

  it("of a file in the media is found by its name although the sums were forged", async () => {
    const content = await withContent(backup, "media", (tar) => tar.replace("some words", "none words"), { forged: true });
    const renamed = await withContent(backup, "media", (tar) => tar.replaceAll("unlike.txt", "unlikE.txt"), { forged: true });
    for (const level of ["CHECKSUM", "RESTORE"] as const) {
      expect((await verify(content, level)).report).toMatchObject(failed(/^"media\/unlike\.txt" has another content/));
      expect((await verify(renamed, level)).report).toMatchObject(
        failed(/^"media\/unlike\.txt" is missing/, /^"media\/unlikE\.txt" is in the archive/),
      );
    }
  });

  it("of the list of the media is found", async () => {
    const changed = withManifest(backup, backup.manifest);
    const name = `${backup.folder}/${backup.manifest.media?.index?.name}`;
    changed.storage.files.set(name, flipped(Buffer.from(changed.storage.files.get(name) ?? "")));
    expect((await verify(changed, "CHECKSUM")).report).toMatchObject(failed(/^media\.index\.zst is not what was stored/));
  });

  it("of a backup without checksums of its tables is found by the rows alone, and that is said", async () => {
    const { manifest } = backup;
    const tables = manifest.database?.tables.map((table) => ({ ...table, checksum: null })) ?? [];
    const old = withManifest(backup, { ...manifest, database: manifest.database && { ...manifest.database, tables, sections: null } });
    const less = await withContent(old, "database", (sql) => sql.replace(/\(1,'Ada',10\.50\),?\s*/, ""), { forged: true });
    const { report, log } = await verify(less, "RESTORE");
    expect(report).toMatchObject(failed(/^Table customers\b.* 2 rows/));
    expect(log).toContainEqual("WARN Of 3 tables only the rows were counted: the backup has no checksum of them.");
  });

  it("of SQL that no server takes is found by the drill", async () => {
    const taken = await withContent(backup, "database", (sql) => sql.replace("PRIMARY KEY (`id`)", "PRIMARI KEY (`id`)"), {
      forged: true,
    });
    const { report } = await verify(taken, "RESTORE");
    expect(report).toMatchObject(failed(/refused the backup's SQL: ERROR 1064/));
  });
});

describe("a drill that cannot be carried out", () => {
  it("says that its server does not suit the dump, and blames no backup for it", async () => {
    const { manifest } = backup;
    const newer = { ...manifest, database: manifest.database && { ...manifest.database, serverVersion: "99.1.0-MariaDB" } };
    const change = (sql: string) => sql.replace("PRIMARY KEY (`id`)", "FUTURE KEY (`id`)");
    const taken = await withContent(withManifest(backup, newer), "database", change, { forged: true });
    await expect(verify(taken, "RESTORE")).rejects.toMatchObject({ code: "LOAD_FAILED", reason: "DRILL_UNFIT" });
  });

  it("rejects when the storage is away", async () => {
    const away = new Failure("STORAGE_UNAVAILABLE", "The storage is not there.");
    const taken = { ...backup, storage: { ...backup.storage, get: () => Promise.reject(away) } };
    for (const level of ["CHECKSUM", "RESTORE"] as const) await expect(verify(taken, level)).rejects.toBe(away);
  });

  it("ends at once when it is cancelled, whatever it is doing, and leaves no server and no folder", async () => {
    for (const phase of ["PREPARING", "DATABASE", "VERIFYING", "MEDIA"]) {
      const stop = new AbortController();
      const reason = new Failure("CANCELLED", "Cancelled.");
      const work = {
        signal: stop.signal,
        say: () => {},
        report: (at: Report) => void (at.phase === phase && setImmediate(() => stop.abort(reason))),
      };
      await expect(drill({ ...backup, now: () => new Date() }, means, work)).rejects.toThrow();
      expect(stop.signal.aborted).toBe(true);
      expect(await findServersBelow(home), phase).toEqual([]);
      expect(await readdir(join(home, "work")), phase).toEqual([]);
    }
  });
});
