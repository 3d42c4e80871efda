import { describe, expect, it } from "vitest";
import type { SettingsPartsFragment } from "../../client/graphql/generated.ts";
import { fieldOf, listed, originWords, settingFaults, smtpUrlOf, textsOf } from "../../client/lib/settings-words.ts";

const settings: SettingsPartsFragment = {
  retentionDays: 30,
  retention: { keepLast: null, keepDaily: null, keepWeekly: 8, keepMonthly: null, keepYearly: null },
  autoCleanup: true,
  compression: "ZSTD",
  compressionLevel: 3,
  emailNotifications: true,
  notificationEmails: ["a@example.org", "b@example.org"],
  notifyOnSuccess: false,
  notifyOnFailure: true,
  mailFrom: null,
  mailServer: null,
  mailServerOrigin: "DEFAULT",
  weeklyDigest: false,
  digestDay: 1,
  timeZone: "UTC",
  toolsPath: null,
  concurrency: 2,
  concurrencyPerSource: 1,
  storageLowPercent: 10,
  sizeAnomalyPercent: 50,
  targetBackupAgeHours: 26,
  targetProofAgeHours: null,
  allowedEndpoints: [],
  encryptBackups: false,
  recoveryRecipients: [],
  historyDays: 365,
  defaultStorage: null,
  origins: [],
};
const texts = textsOf(settings);
const origin = { name: "retentionDays", environmentName: null, updatedAt: null, actor: null };

describe("where a setting comes from", () => {
  it.each([
    [{ ...origin, origin: "DEFAULT" }, "Default"],
    [
      { ...origin, origin: "ENVIRONMENT", environmentName: "BACKUP_RETENTION_DAYS" },
      "From BACKUP_RETENTION_DAYS, taken over on the first start",
    ],
    [{ ...origin, origin: "DASHBOARD", actor: "ada@example.org" }, "Set by ada@example.org"],
    [{ ...origin, origin: "DASHBOARD" }, "Set here"],
  ] as const)("says it in a line: %o", (from, words) => {
    expect(originWords(from)).toBe(words);
  });

  it("finds the limits beside the days under the one setting that the server has for them", () => {
    expect([fieldOf("keepWeekly"), fieldOf("retentionDays"), fieldOf("defaultStorageId")]).toEqual([
      "retention",
      "retentionDays",
      "defaultStorage",
    ]);
  });
});

describe("what is typed", () => {
  it("takes addresses by lines, commas and semicolons", () => {
    expect(listed(" a@example.org,b@example.org;\n\n c@example.org ")).toEqual(["a@example.org", "b@example.org", "c@example.org"]);
  });

  it("names the fault at its field", () => {
    expect(settingFaults(texts)).toEqual({});
    expect(settingFaults({ ...texts, notificationEmails: "a@example.org\nb at example" })).toEqual({
      notificationEmails: "b at example is not a mail address.",
    });
    expect(settingFaults({ ...texts, notificationEmails: " " }).notificationEmails).toMatch(/switch mails off/);
    expect(settingFaults({ ...texts, emailNotifications: false, notificationEmails: "" })).toEqual({});
    expect(Object.keys(settingFaults({ ...texts, concurrency: 1, concurrencyPerSource: 2 }))).toEqual(["concurrencyPerSource"]);
  });

  it("makes a mail server's address that keeps every character of its password", () => {
    const server = { host: "mail.example.org", port: 587, secure: false, user: "backup@example.org", password: "p@ss:w/rd#%" };
    const url = new URL(smtpUrlOf(server));
    expect([url.protocol, url.host, decodeURIComponent(url.username), decodeURIComponent(url.password)]).toEqual([
      "smtp:",
      "mail.example.org:587",
      server.user,
      server.password,
    ]);
    expect(smtpUrlOf({ host: "2001:db8::1", port: 465, secure: true, user: "", password: "" })).toBe("smtps://[2001:db8::1]:465");
  });
});
