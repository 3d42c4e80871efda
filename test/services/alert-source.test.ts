import { describe, expect, it } from "vitest";
import { newestGood } from "../../server/db/alert-history.ts";
import { openCatalog } from "../../server/db/client.ts";
import { backupManifests } from "../../server/db/schema/index.ts";
import { insertVerification } from "../../server/db/verifications.ts";
import { newId, type VerificationId } from "../../server/domain/ids.ts";
import type { Manifest } from "../../server/domain/manifest.ts";
import { admin, alerting } from "../support/alerting.ts";
import { partOf } from "../support/mailbox.ts";
import { addSourceRow, days, hours, minutes } from "../support/notified.ts";

const own = alerting();
const { ended, settle, subjects } = own;

describe("people", () => {
  it("are told once of five days of failure and once of their end, however many workers look and however often", async () => {
    const shop = await addSourceRow(own.told.db, "Shop", own.told.clock.now());
    own.told.set({ targetBackupAgeHours: 26 });
    await ended(shop.id, "COMPLETED");
    await settle();
    const [second, third] = [own.told.worker(), own.told.worker()];
    for (let hour = 4; hour <= 5 * 24; hour += 4) {
      own.told.clock.pass(hours(4));
      const id = await ended(shop.id, "FAILED");
      await Promise.all([
        own.told.alerts.follow({ kind: "BACKUP", id }),
        second.alerts.upkeep(),
        third.alerts.follow({ kind: "BACKUP", id }),
      ]);
      if (hour % 24 === 0) await settle();
    }
    await Promise.all([own.told, second, third].map(({ deliveries }) => deliveries.idle()));
    expect(subjects()).toEqual(["Shop: backup failed (the database refuses the password)"]);
    expect(await own.told.alerts.list(admin)).toMatchObject([
      { event: "BACKUP_FAILED", subject: `source:${shop.id}`, path: expect.stringMatching(/^\/backups\//) },
    ]);
    own.told.clock.pass(hours(1));
    const good = await ended(shop.id, "COMPLETED");
    await Promise.all([own.told.alerts.upkeep(), second.alerts.follow({ kind: "BACKUP", id: good })]);
    await settle();
    await Promise.all([own.told, second, third].map(({ deliveries }) => deliveries.idle()));
    expect(subjects().slice(1)).toEqual(["Shop: backups work again, after 5 days"]);
    expect(await own.told.alerts.list(admin)).toEqual([]);
    const [first] = own.box.mails;
    if (!first) return;
    expect(partOf(first, "text/plain")).toMatch(/wrong user name or password.+Check the user name.+The last good backup is 4 hours old\./s);
    expect(partOf(first, "text/plain")).toMatch(/https:\/\/backup\.example\.com\/backups\//);
  });

  it("get exactly the messages that a plain reading of any history gives, though workers die in the middle", async () => {
    const sources = [
      await addSourceRow(own.told.db, "A", own.told.clock.now()),
      await addSourceRow(own.told.db, "B", own.told.clock.now()),
    ];
    const expected: string[] = [];
    const failing = new Map<string, boolean>();
    let seed = 11;
    const random = () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    };
    // A worker that dies when the outbox is filled and the states are not written yet: all of it is undone, and somebody else does it again.
    await own.told.catalog.pool.query(
      "CREATE TRIGGER dies BEFORE UPDATE ON alert_states FOR EACH ROW IF @dies THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'died'; END IF",
    );
    const dying = openCatalog(own.told.address);
    dying.pool.pool.on("connection", (connection) => void connection.query("SET @dies = 1"));
    let deaths = 0;
    for (let step = 0; step < 50; step += 1) {
      own.told.clock.pass(minutes(7));
      const source = sources[Math.floor(random() * sources.length)];
      if (!source) continue;
      const status = (["COMPLETED", "FAILED", "FAILED", "CANCELLED"] as const)[Math.floor(random() * 4)] ?? "FAILED";
      const id = await ended(source.id, status);
      const was = failing.get(source.name) ?? false;
      if (status === "FAILED" && !was) expected.push(`${source.name} failed`);
      if (status === "COMPLETED" && was) expected.push(`${source.name} again`);
      if (status !== "CANCELLED") failing.set(source.name, status === "FAILED");
      const fate = random();
      if (fate < 0.3) await own.told.alerts.follow({ kind: "BACKUP", id });
      else if (fate < 0.5)
        await own.told
          .worker(dying.db)
          .alerts.follow({ kind: "BACKUP", id })
          .catch(() => {
            deaths += 1;
          });
      else if (fate < 0.7) await Promise.all([own.told.alerts.upkeep(), own.told.worker().alerts.upkeep()]);
    }
    await dying.close();
    await own.told.catalog.pool.query("DROP TRIGGER dies");
    await own.told.alerts.upkeep();
    const { nodes } = await own.told.deliveries.page(admin, {}, 200, null);
    const order = (name: string, lines: readonly string[]) => lines.filter((line) => line.startsWith(name));
    const lines = nodes.toReversed().map(({ message }) => `${message.title[0]} ${message.event === "RECOVERED" ? "again" : "failed"}`);
    for (const name of ["A", "B"]) expect(order(name, lines)).toEqual(order(name, expected));
    expect(lines.length).toBe(expected.length);
    expect([lines.length > 8, deaths > 0]).toEqual([true, true]);
  });

  it("hear that a source recovered only when what failed is backed up again, not when another part is", async () => {
    const shop = await addSourceRow(own.told.db, "Shop", own.told.clock.now());
    await ended(shop.id, "FAILED", { type: "FULL" });
    for (const type of ["DATABASE", "DATABASE", "MEDIA"] as const) {
      own.told.clock.pass(hours(1));
      await ended(shop.id, "COMPLETED", { type });
      await settle();
    }
    expect(subjects()).toEqual(["Shop: backup failed (the database refuses the password)", "Shop: backups work again, after 3 hours"]);
  });

  it("are told of damage that a verification found, until one of that strength passes", async () => {
    const shop = await addSourceRow(own.told.db, "Shop", own.told.clock.now());
    const backupId = await ended(shop.id, "COMPLETED");
    const verified = async (level: "CHECKSUM" | "RESTORE", passed: boolean) => {
      own.told.clock.pass(hours(1));
      const at = own.told.clock.now();
      const report = {
        passed,
        tables: [],
        filesChecked: null,
        bytesChecked: 1,
        restoreSeconds: null,
        problems: passed ? [] : ["Table orders lost 3 rows."],
      };
      await insertVerification(own.told.db, {
        ...{
          id: newId<VerificationId>(),
          backupId,
          level,
          actor: "root",
          report,
          passed,
          status: "COMPLETED",
          createdAt: at,
          finishedAt: at,
        },
      });
      await settle();
    };
    await verified("RESTORE", false);
    await verified("RESTORE", false);
    await verified("CHECKSUM", true);
    await verified("RESTORE", true);
    expect(subjects()).toEqual(["Shop: a backup did not pass its drill", "Shop: verified again, after 3 hours"]);
    const good = { database: new Date("2026-11-01T00:00:00.000Z"), media: null };
    expect(await newestGood(own.told.db, shop.id)).toEqual(good);
    // A damaged one is none.
    await verified("CHECKSUM", false);
    expect(await newestGood(own.told.db, shop.id)).toEqual({ database: null, media: null });
    const [first] = own.box.mails;
    if (first) expect(partOf(first, "text/plain")).toMatch(/Table orders lost 3 rows\./);
  });

  it("are told of a backup that is unlike its like: by size, by tables that are gone or empty", async () => {
    const shop = await addSourceRow(own.told.db, "Shop", own.told.clock.now());
    const taken = async (size: number, tables: Readonly<Record<string, number>>) => {
      own.told.clock.pass(days(1));
      const id = await ended(shop.id, "COMPLETED", {
        artifacts: [{ name: "database.sql.zst", part: "database", size, storedSize: size / 4, sha256: "" }],
      });
      const rows = Object.entries(tables).map(([name, count]) => ({ name, rows: count, engine: "InnoDB", bytes: 1, checksum: null }));
      await own.told.db.insert(backupManifests).values({ backupId: id, manifest: { database: { tables: rows } } as unknown as Manifest });
      await settle();
    };
    for (const size of [100e6, 110e6, 90e6, 120e6]) await taken(size, { orders: 500, carts: 20 });
    await taken(120e6, { orders: 510, carts: 0 });
    expect(subjects()).toEqual([]);
    await taken(40e6, { orders: 0 });
    await taken(41e6, { orders: 0 });
    expect(subjects()).toEqual(["Shop: a backup is unlike those before it"]);
    const [first] = own.box.mails;
    if (first)
      expect(partOf(first, "text/plain").replace(/\s+/g, " ")).toMatch(
        /The database came to 40\.0 MB, where the last 5 had 110 MB in the middle\. 1 table is gone: carts\. 1 table is empty now: orders\./,
      );
  });
});
