import { chmod, mkdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { HealthCheck } from "../../server/domain/health.ts";
import type { SourceId } from "../../server/domain/ids.ts";
import { directoryOf } from "../../server/domain/storage.ts";
import { memoryBus } from "../../server/events/memory.ts";
import { createHealth } from "../../server/services/health.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

const start = new Date("2026-11-22T03:00:00.000Z");
const hour = 3_600_000;
let own: Wired;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let sourceId: SourceId;
const account = `health_${process.pid}`;

beforeAll(async () => {
  own = await wired(start);
  database = await freshDatabase("health");
  await database.sql.query(`CREATE TABLE goods (id INT PRIMARY KEY) AS SELECT 1 id`);
  await database.sql.query(`CREATE TRIGGER noted BEFORE INSERT ON goods FOR EACH ROW SET NEW.id = NEW.id`);
  await database.sql.query(`CREATE USER ${account}@localhost IDENTIFIED BY 'secret of the shop'`);
  await database.sql.query(`GRANT ALL ON \`${database.name}\`.* TO ${account}@localhost`);
  const media = join(own.home, "media", "shop");
  await mkdir(media, { recursive: true });
  await writeFile(join(media, "a.txt"), "a");
  const { socketPath } = database.connection;
  const input = { socketPath, user: account, password: "secret of the shop", database: database.name };
  sourceId = (await own.app.services.sources.create(administrator, { name: "Shop", database: input, mediaPaths: [media] })).id;
});
afterAll(async () => {
  await database?.sql.query(`DROP USER IF EXISTS ${account}@localhost`);
  await database?.[Symbol.asyncDispose]();
  await own?.[Symbol.asyncDispose]();
});

/** What is found now under this name, by subject. */
async function found(check: string, subject?: string): Promise<HealthCheck | undefined> {
  const { checks } = await own.app.services.health.read(administrator, true);
  return checks.find((each) => each.check === check && (subject === undefined || each.subject === subject));
}
/** Where a local storage is. */
const folderOf = (storage: Parameters<typeof directoryOf>[0] | undefined) => (storage && directoryOf(storage)) ?? "";
const severity = async (check: string, subject?: string) => (await found(check, subject))?.severity ?? null;

describe("a source", () => {
  it("is told with the grants that it lacks, and no more once it has them", async () => {
    expect(await severity("source.reach")).toBe("GOOD");
    await database.sql.query(`REVOKE TRIGGER ON \`${database.name}\`.* FROM ${account}@localhost`);
    const lacking = await found("source.privileges");
    expect(lacking).toMatchObject({ severity: "ERROR", subject: "Source Shop", place: `/sources/${sourceId}` });
    expect(lacking?.command).toMatch(/^GRANT TRIGGER ON /);
    await database.sql.query(lacking?.command ?? "");
    expect([await severity("source.privileges"), await severity("source.reach")]).toEqual([null, "GOOD"]);
  });

  it("is told when it cannot be reached, and when its password is not known", async () => {
    await database.sql.query(`ALTER USER ${account}@localhost ACCOUNT LOCK`);
    expect(await found("source.reach")).toMatchObject({ severity: "ERROR", message: expect.stringMatching(/lock|denied|refused/i) });
    const [[row]] = await own.app.catalog.pool.query<never[]>("SELECT database_password AS sealed FROM sources");
    await own.app.catalog.pool.query("UPDATE sources SET database_password = NULL");
    expect(await found("source.password")).toMatchObject({ severity: "ERROR", hint: expect.stringContaining("Enter the password") });
    await own.app.catalog.pool.query("UPDATE sources SET database_password = ?", [(row as unknown as { sealed: string }).sealed]);
    await database.sql.query(`ALTER USER ${account}@localhost ACCOUNT UNLOCK`);
    expect([await severity("source.password"), await severity("source.reach")]).toEqual([null, "GOOD"]);
  });

  it("is told when a media folder is away", async () => {
    const media = join(own.home, "media", "shop");
    await rename(media, `${media}.away`);
    expect(await found("source.media")).toMatchObject({ severity: "ERROR", message: `There is no folder ${media}.` });
    await rename(`${media}.away`, media);
    expect(await severity("source.media")).toBe("GOOD");
  });

  it("is told when its client programs are older than its server", async () => {
    const tools = join(own.home, "old");
    await mkdir(tools);
    for (const name of ["mariadb", "mariadb-dump"]) {
      const script = `#!/bin/sh\n[ "$1" = --version ] && echo "${name} from 10.3.39-MariaDB, client 10.3" || echo "--sandbox --binary-mode --commands"\n`;
      await writeFile(join(tools, name), script, { mode: 0o755 });
    }
    await own.app.services.settings.update(administrator, { toolsPath: tools });
    expect(await found("source.client")).toMatchObject({
      severity: "WARNING",
      message: expect.stringContaining("10.3.39, older than the server"),
    });
    await own.app.services.settings.reset(administrator, ["toolsPath"]);
    expect(await severity("source.client")).toBeNull();
  });
});

describe("protection", () => {
  it("is told from no backup and no schedule to a proven backup, and again as that grows old", async () => {
    const { services } = own.app;
    expect([await severity("source.backup"), await severity("source.schedule"), await severity("source.proven")]).toEqual([
      "WARNING",
      "WARNING",
      null,
    ]);
    await services.backups.create(administrator, { type: "FULL", sourceId }, "MANUAL");
    await own.performAll();
    expect([await severity("source.backup"), await severity("source.proven")]).toEqual(["GOOD", "WARNING"]);
    const { id: scheduleId } = await services.schedules.create(administrator, {
      ...{ sourceId, name: "Nightly", backupType: "FULL", frequency: "DAILY", timeOfDay: "03:00", timeZone: "UTC" },
    });
    expect([await severity("source.schedule"), await severity("schedule.runs")]).toEqual([null, "GOOD"]);

    own.setClock(new Date(start.getTime() + 27 * hour));
    const late = await found("source.backup");
    expect(late).toMatchObject({ severity: "ERROR", command: `npx holdfast create-backup --source ${sourceId}` });
    expect(late?.message).toBe("Its newest good backup is 27 h old; it may be 26 hours at most.");
    expect(await severity("schedule.missed", "Schedule Nightly")).toBe("WARNING");
    own.setClock(start);
    await services.schedules.remove(administrator, scheduleId);
    expect([await severity("source.backup"), await severity("schedule.missed")]).toEqual(["GOOD", null]);
  });

  it("tells of a backup that failed until one completes, and of damage that a verification found", async () => {
    const { services } = own.app;
    const media = join(own.home, "media", "shop");
    own.setClock(new Date(start.getTime() + 30_000));
    await rename(media, `${media}.away`);
    await services.backups.create(administrator, { type: "MEDIA", sourceId }, "MANUAL");
    await own.performAll();
    await rename(`${media}.away`, media);
    expect(await found("source.failing")).toMatchObject({
      severity: "ERROR",
      message: expect.stringContaining("The last backup failed: "),
    });
    own.setClock(new Date(start.getTime() + 60_000));
    const { id, folder, storageId } = await services.backups.create(administrator, { type: "MEDIA", sourceId }, "MANUAL");
    await own.performAll();
    expect(await severity("source.failing")).toBeNull();

    const [storage] = await services.storages.list(administrator);
    expect(storage?.id).toBe(storageId);
    const directory = folderOf(storage);
    const { artifacts } = await services.backups.existing(id);
    await writeFile(join(directory, folder, artifacts[0]?.name ?? ""), "altered");
    await services.verifications.create(administrator, id, "CHECKSUM");
    await own.performAll();
    expect(await found("source.proven")).toMatchObject({ severity: "ERROR", place: `/backups/${id}` });
    own.setClock(start);
  });
});

describe("a storage", () => {
  it("is told when its folder is away, or when it has no room by the settings", async () => {
    const [storage] = await own.app.services.storages.list(administrator);
    const directory = folderOf(storage);
    expect([await severity("storage.reach"), await severity("storage.space"), await severity("storage.away")]).toEqual([
      "GOOD",
      "GOOD",
      "NOTE",
    ]);
    await rename(directory, `${directory}.away`);
    const { checks } = await own.app.services.health.read(administrator, true);
    const gone = checks.find(({ check, severity: how }) => /^storage.(reach|marker)$/.test(check) && how === "ERROR");
    expect(gone).toMatchObject({ subject: `Storage ${storage?.name}`, subjectId: storage?.id, place: `/storages/${storage?.id}` });
    await rename(`${directory}.away`, directory);
    await vi.waitFor(async () => expect(await severity("storage.reach")).toBe("GOOD"));

    await own.app.services.settings.update(administrator, { storageLowPercent: 99 });
    expect(await found("storage.space")).toMatchObject({
      severity: "WARNING",
      message: expect.stringContaining("less than the 99 % of the settings"),
    });
    await own.app.services.settings.reset(administrator, ["storageLowPercent"]);
    expect(await severity("storage.space")).toBe("GOOD");
  });

  it("is told when it holds more than its cap", async () => {
    const [storage] = await own.app.services.storages.list(administrator);
    await own.app.catalog.pool.query("UPDATE storages SET size_cap_bytes = 1");
    expect(await severity("storage.cap", `Storage ${storage?.name}`)).toBe("WARNING");
    await own.app.catalog.pool.query("UPDATE storages SET size_cap_bytes = NULL");
    expect(await severity("storage.cap")).toBeNull();
  });
});

describe("the key, the programs and who is told", () => {
  it("are told when others may read the key file, or it is gone", async () => {
    const key = join(own.home, "holdfast.key");
    expect(((await stat(key)).mode & 0o777).toString(8)).toBe("600");
    expect(await severity("key.file")).toBe("GOOD");
    await chmod(key, 0o644);
    expect(await found("key.file")).toMatchObject({ severity: "WARNING", command: `chmod 600 ${key}` });
    await rename(key, `${key}.away`);
    expect(await found("key.file")).toMatchObject({ severity: "ERROR", message: expect.stringContaining("is gone") });
    await rename(`${key}.away`, key);
    await chmod(key, 0o600);
    expect([await severity("key.file"), await severity("key.kit")]).toEqual(["GOOD", "NOTE"]);
  });

  it("are told when the client programs are missing", async () => {
    const tools = join(own.home, "gone");
    await mkdir(tools);
    for (const name of ["mariadb", "mariadb-dump"])
      await writeFile(join(tools, name), "#!/bin/sh\necho mariadb from 11.8.3-MariaDB --sandbox --binary-mode\n", { mode: 0o755 });
    await own.app.services.settings.update(administrator, { toolsPath: tools });
    expect(await severity("tools.client")).toBe("GOOD");
    await rename(tools, `${tools}.away`);
    expect(await found("tools.client")).toMatchObject({ severity: "ERROR", command: "apt-get install mariadb-client", place: "/settings" });
    await own.app.services.settings.reset(administrator, ["toolsPath"]);
    expect(await severity("tools.client")).toBe("GOOD");
  });

  it("are told when nobody hears of trouble, and when mails are wanted with no server to send them", async () => {
    const { services } = own.app;
    expect(await severity("notify.any")).toBe("NOTE");
    await services.settings.update(administrator, { emailNotifications: true, notificationEmails: ["ada@example.org"] });
    expect([await severity("notify.any"), await severity("notify.mail")]).toEqual([null, "ERROR"]);
    await services.settings.update(administrator, { smtpUrl: "smtp://127.0.0.1:2525" });
    expect(await severity("notify.mail")).toBeNull();
    await services.settings.reset(
      administrator,
      ["smtpUrl", "emailNotifications", "notificationEmails"].filter((name) => name !== "smtpUrl"),
    );
  });

  it("are told when the clock jumped, until somebody says that it is right", async () => {
    expect(await severity("clock.paused")).toBeNull();
    own.setClock(new Date(start.getTime() + 400 * 24 * hour));
    await own.app.services.cleanups.upkeep().catch(() => {});
    expect(await severity("clock.paused")).toBe("WARNING");
    own.setClock(start);
  });
});

describe("the look itself", () => {
  const good = (check: string): HealthCheck => ({
    ...{ check, severity: "GOOD", subject: check, subjectId: null, message: "It is.", hint: null, place: null, command: null },
  });
  const look = (check: string, found: () => Promise<readonly HealthCheck[]>) => ({
    check,
    subject: check,
    subjectId: null,
    place: null,
    look: found,
  });

  it("waits for nobody longer than its deadline, and says who did not answer", async () => {
    const problems: unknown[] = [];
    let asked = 0;
    const dead = () => {
      asked += 1;
      return new Promise<never>(() => {});
    };
    const health = createHealth({
      ...{ bus: memoryBus(), now: () => start, onError: (error) => void problems.push(error), deadlineMilliseconds: 50 },
      groups: [
        { name: "one", looks: async () => [look("dead", dead), look("fine", async () => [good("fine")])] },
        { name: "two", looks: async () => [look("broken", () => Promise.reject(new Error("a bug")))] },
        { name: "three", looks: () => Promise.reject(new Error("the catalog is away")) },
      ],
    });
    const { severity: worst, checks } = await health.read(administrator);
    expect(worst).toBe("WARNING");
    expect(checks.map(({ check, severity: how, message }) => [check, how, message])).toEqual([
      ["broken", "WARNING", "It could not be looked at: a bug"],
      ["dead", "WARNING", "It did not answer within 0.05 seconds."],
      ["three.list", "WARNING", "It could not be looked at: the catalog is away"],
      ["fine", "GOOD", "It is."],
    ]);
    expect(problems).toHaveLength(2);
    await health.read(administrator, true);
    expect(asked).toBe(1);
  });

  it("is kept for two minutes, taken anew when asked for, and told to who watches only when something changed", async () => {
    const bus = memoryBus();
    let [at, looked, how] = [start.getTime(), 0, "GOOD" as HealthCheck["severity"]];
    const health = createHealth({
      ...{ bus, now: () => new Date(at), onError: () => {} },
      groups: [
        {
          name: "one",
          looks: async () => [
            look("a", async () => {
              looked += 1;
              return [{ ...good("a"), severity: how, message: `Look ${looked}` }];
            }),
          ],
        },
      ],
    });
    const told = await health.watchChanges(administrator);
    await Promise.all([health.read(administrator), health.read(administrator)]);
    expect(looked).toBe(1);
    expect((await told.next()).value).toMatchObject({ severity: "GOOD" });
    at += 119_000;
    await health.read(administrator);
    expect(looked).toBe(1);
    await health.read(administrator, true);
    at += 121_000;
    await health.read(administrator);
    expect(looked).toBe(3);
    how = "ERROR";
    at += 301_000;
    await health.upkeep();
    expect((await told.next()).value).toMatchObject({ severity: "ERROR", checks: [{ message: "Look 4" }] });
    await told.return?.();
    await expect(health.read(null)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
