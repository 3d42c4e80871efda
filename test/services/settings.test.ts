import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findTools } from "../../server/engine/database/tools.ts";
import { createAudit } from "../../server/services/audit.ts";
import { openSecrets } from "../../server/services/secrets.ts";
import { createSettings } from "../../server/services/settings.ts";
import { freshCatalog } from "../support/catalog.ts";
import { temporaryFolder } from "../support/uploads.ts";

const ada = { kind: "user", id: "1", name: "Ada", email: "ada@example.org", role: "ADMIN" } as const;
const at = new Date("2026-11-22T12:00:00.000Z");
const fromEnvironment = "smtp://mailer:canary-environment@env.example.com";
let place: Awaited<ReturnType<typeof freshCatalog>>;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let settings: ReturnType<typeof createSettings>;
const concealed: string[] = [];

beforeAll(async () => {
  [place, folder] = [await freshCatalog(), await temporaryFolder()];
  const { db } = place.catalog;
  settings = createSettings({
    db,
    audit: createAudit({ db, now: () => at }),
    secrets: await openSecrets(join(folder.path, "key"), { mayCreate: true }),
    conceal: (secret) => void concealed.push(secret),
    findTools,
    environmentSmtpUrl: fromEnvironment,
    now: () => at,
  });
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const originOf = async (name: string) => (await settings.read(ada)).origins.find((each) => each.name === name);

describe("settings", () => {
  it("are taken over from the environment once; after that it changes nothing, and a reader of the log knows", async () => {
    expect(await settings.adopt({ retentionDays: 90, compression: "GZIP", compressionLevel: 9 })).toEqual([]);
    expect(await settings.current()).toMatchObject({ retentionDays: 90, compression: "GZIP", compressionLevel: 9, autoCleanup: true });
    expect(await originOf("retentionDays")).toMatchObject({ origin: "ENVIRONMENT", environmentName: "BACKUP_RETENTION_DAYS", actor: null });
    expect(await settings.adopt({ retentionDays: 7, autoCleanup: false, compressionLevel: 9 })).toEqual([
      "BACKUP_RETENTION_DAYS",
      "BACKUP_AUTO_CLEANUP",
    ]);
    expect((await settings.current()).retentionDays).toBe(90);
  });

  it("remember who changed them, leave alone what was not touched, and go back to their defaults", async () => {
    await settings.update(ada, { retentionDays: 90, autoCleanup: false, targetBackupAgeHours: 0 });
    expect(await originOf("autoCleanup")).toEqual({
      ...{ name: "autoCleanup", origin: "DASHBOARD", environmentName: null },
      ...{ updatedAt: at, actor: "ada@example.org" },
    });
    expect(await originOf("retentionDays")).toMatchObject({ origin: "ENVIRONMENT" });
    expect((await settings.current()).targetBackupAgeHours).toBeNull();
    const reset = await settings.reset(ada, ["autoCleanup", "compressionLevel", "targetBackupAgeHours"]);
    expect(reset).toMatchObject({ autoCleanup: true, compression: "ZSTD", compressionLevel: 3, targetBackupAgeHours: 26 });
    await expect(settings.reset(ada, ["secret.smtpUrl"])).rejects.toThrow("There is no setting");
  });

  it("use the environment's mail server until they have one of their own, and never show a password", async () => {
    expect(await settings.mail()).toEqual({ url: fromEnvironment, from: "holdfast@env.example.com" });
    const changed = await settings.update(ada, { smtpUrl: "smtps://ops%40example.com:canary%2Down@mail.example.com" });
    expect(changed).toMatchObject({ mailServer: "mail.example.com:465", mailServerOrigin: "DASHBOARD" });
    expect(JSON.stringify(changed)).not.toContain("canary");
    expect((await settings.mail())?.from).toBe("ops@example.com");
    expect(concealed).toEqual(expect.arrayContaining(["canary-own", "canary%2Down"]));
    const [rows] = await place.catalog.pool.query("select value from setting_values union all select details from audit_entries");
    expect(JSON.stringify(rows)).not.toContain("canary");
    expect(await settings.update(ada, { smtpUrl: "" })).toMatchObject({
      mailServer: "env.example.com:587",
      mailServerOrigin: "ENVIRONMENT",
    });
  });

  it.each([
    [{ retentionDays: 0 }, "from 1 to 36500"],
    [{ retention: { keepLast: 0 } }, "whole number from 1"],
    [{ retention: { days: 3 } }, "retentionDays"],
    [{ compression: "ZSTD", compressionLevel: 20 }, "from 1 to 19"],
    [{ compressionLevel: 2.5 }, "whole number"],
    [{ notificationEmails: ["ada@example.org", "nobody"] }, '"nobody" is not a mail address'],
    [{ notificationEmails: Array.from({ length: 21 }, (_, index) => `a${index}@example.org`) }, "at most 20"],
    [{ mailFrom: "Ada <ada@example.org>\nBcc: x@example.org" }, "mail address"],
    [{ digestDay: 7 }, "from 0 to 6"],
    [{ timeZone: "Mars/Olympus" }, "no time zone"],
    [{ timeZone: "+01:00" }, "no time zone"],
    [{ storageLowPercent: 100 }, "from 1 to 99"],
    [{ concurrency: 17 }, "from 1 to 16"],
    [{ concurrency: 1, concurrencyPerSource: 2 }, "than run in all"],
    [{ allowedEndpoints: ["10.0.0.0/33"] }, "no host, address or network"],
    [{ allowedEndpoints: ["0x7f000001"] }, "no host, address or network"],
    [{ toolsPath: "bin" }, "absolute"],
    [{ toolsPath: "/nowhere/at/all" }, "There is no /nowhere/at/all"],
    [{ smtpUrl: "http://u:canary@x" }, "not the address of a mail server"],
    [{ defaultStorageId: "gone" as never }, "no storage gone"],
    [{ historyDays: 0 }, "from 1 to 36500"],
  ] as const)("refuse %j whole, with a sentence", async (request, message) => {
    const before = await settings.read(ada);
    const refusal = await settings.update(ada, { ...request, autoCleanup: false }).then(
      () => "accepted",
      (error: Error) => error.message,
    );
    expect(refusal).toContain(message);
    expect(refusal).not.toContain("canary");
    expect(await settings.read(ada)).toEqual(before);
  });
});
