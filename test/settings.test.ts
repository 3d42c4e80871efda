import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { Failure } from "../server/domain/errors.ts";
import { loadSettings } from "../server/settings.ts";

const load = (environment: Record<string, string>, file = "") => loadSettings({}, environment, file);

function refused(environment: Record<string, string>): string {
  try {
    load(environment);
  } catch (error) {
    if (error instanceof Failure && error.code === "BAD_USER_INPUT") return error.message;
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(environment)}`);
}

describe("settings", () => {
  it("have the contract's defaults, and are frozen", () => {
    const { settings, warnings, secrets } = load({ PATH: "/bin" });
    expect(settings).toEqual({
      home: resolve("data"),
      host: "127.0.0.1",
      port: 4400,
      publicUrl: null,
      databaseUrl: null,
      role: "all",
      keyFile: resolve("data/holdfast.key"),
      admin: null,
      logLevel: "info",
      smtpUrl: null,
      storageRoots: [],
      firstSource: null,
      firstDirectory: null,
      firstSettings: {},
    });
    expect([warnings, secrets]).toEqual([[], []]);
    expect(Object.isFrozen(settings) && Object.isFrozen(settings.firstSettings)).toBe(true);
  });

  it("take everything that the contract names", () => {
    const { settings, warnings, secrets } = load({
      HOLDFAST_HOME: "/srv/holdfast/",
      HOLDFAST_HOST: "::",
      HOLDFAST_PORT: "0",
      HOLDFAST_PUBLIC_URL: "https://Backup.example.com/",
      HOLDFAST_DATABASE_URL: "mariadb://hf:p%40ss-word@db.internal:3307/holdfast?ssl=true",
      HOLDFAST_ROLE: "all",
      HOLDFAST_KEY_FILE: "keys/../the.key",
      HOLDFAST_ADMIN_EMAIL: "ada@example.com",
      HOLDFAST_ADMIN_PASSWORD: "correct horse",
      HOLDFAST_LOG_LEVEL: "debug",
      HOLDFAST_STORAGE_ROOTS: "/mnt:/srv/backups/",
      HOLDFAST_SMTP_URL: "smtps://mailer:p%23ss@mail.example.com",
      BACKUP_DIRECTORY: "backups",
      BACKUP_RETENTION_DAYS: "30",
      BACKUP_AUTO_CLEANUP: "True",
      BACKUP_MYSQL_PATH: "/opt/mysql/bin",
      BACKUP_MYSQL_HOST: "db",
      BACKUP_MYSQL_PORT: "3308",
      BACKUP_MYSQL_USER: "shop",
      BACKUP_MYSQL_PASSWORD: "it's #1",
      BACKUP_MYSQL_DATABASE: "shop",
      BACKUP_MYSQL_SOCKET: "/run/mysqld/mysqld.sock",
      BACKUP_MEDIA_ROOT: "/var/www/shop/media",
      BACKUP_COMPRESSION_LEVEL: "9",
      BACKUP_EMAIL_NOTIFICATIONS: "no",
      BACKUP_NOTIFICATION_EMAIL: "ops@example.com",
    });
    expect(settings).toEqual({
      home: "/srv/holdfast",
      host: "::",
      port: 0,
      publicUrl: "https://backup.example.com",
      databaseUrl: "mysql://hf:p%40ss-word@db.internal:3307/holdfast?ssl=true",
      role: "all",
      keyFile: resolve("the.key"),
      admin: { email: "ada@example.com", password: "correct horse" },
      logLevel: "debug",
      smtpUrl: "smtps://mailer:p%23ss@mail.example.com",
      storageRoots: ["/mnt", "/srv/backups"],
      firstSource: {
        name: "shop",
        database: { host: "db", port: 3308, user: "shop", password: "it's #1", database: "shop", socketPath: "/run/mysqld/mysqld.sock" },
        mediaPaths: ["/var/www/shop/media"],
      },
      firstDirectory: resolve("backups"),
      firstSettings: {
        retentionDays: 30,
        autoCleanup: true,
        toolsPath: "/opt/mysql/bin",
        compression: "GZIP",
        compressionLevel: 9,
        emailNotifications: false,
        notificationEmails: ["ops@example.com"],
      },
    });
    expect(warnings).toEqual([]);
    expect(secrets).toEqual(["p%40ss-word", "p@ss-word", "p%23ss", "p#ss", "correct horse", "it's #1"]);
  });

  it("come from .env too, of which the environment wins, and an empty value is none", () => {
    const file = "# local\nHOLDFAST_PORT=5000\nHOLDFAST_HOST='0.0.0.0'\nexport BACKUP_MEDIA_ROOT=\"/var/my pictures\"\nOTHER=1\n";
    const { settings } = load({ HOLDFAST_PORT: "6000", HOLDFAST_REDIS_URL: "", HOLDFAST_HOME: "" }, file);
    expect(settings).toMatchObject({ port: 6000, host: "0.0.0.0", home: resolve("data") });
    expect(settings.firstSource).toEqual({ name: "my pictures", database: null, mediaPaths: ["/var/my pictures"] });
  });

  it.each([
    [{ HOLDFAST_POTR: "1" }, "HOLDFAST_POTR is not a setting; HOLDFAST_PORT is."],
    [{ HOLDFAST_SOMETHING_ELSE: "1" }, "HOLDFAST_SOMETHING_ELSE is not a setting."],
    [{ HOLDFAST_PORT: "65536" }, "HOLDFAST_PORT is a whole number from 0 to 65535."],
    [{ HOLDFAST_PORT: "0x10" }, "HOLDFAST_PORT is a whole number from 0 to 65535."],
    [{ HOLDFAST_PORT: "-1" }, "HOLDFAST_PORT is a whole number from 0 to 65535."],
    [{ HOLDFAST_LOG_LEVEL: "loud" }, "HOLDFAST_LOG_LEVEL is one of trace, debug, info, warn, error, fatal, silent."],
    [{ HOLDFAST_PUBLIC_URL: "backup.example.com" }, "HOLDFAST_PUBLIC_URL is a web address such as https://backup.example.com."],
    [{ HOLDFAST_PUBLIC_URL: "javascript:alert(1)" }, "HOLDFAST_PUBLIC_URL is a web address such as https://backup.example.com."],
    [
      { HOLDFAST_PUBLIC_URL: "https://example.com/backup" },
      "HOLDFAST_PUBLIC_URL has no path: the dashboard is at the root of its address.",
    ],
    [{ HOLDFAST_ROLE: "worker" }, "HOLDFAST_ROLE can only be all in this release: one process does everything."],
    [{ HOLDFAST_REDIS_URL: "redis://x" }, "HOLDFAST_REDIS_URL has no effect in this release. Leave it out."],
    [{ HOLDFAST_ADMIN_EMAIL: "a@b.cd" }, "HOLDFAST_ADMIN_EMAIL needs HOLDFAST_ADMIN_PASSWORD beside it."],
    [{ HOLDFAST_ADMIN_PASSWORD: "canary-1" }, "HOLDFAST_ADMIN_PASSWORD needs HOLDFAST_ADMIN_EMAIL beside it."],
    [{ BACKUP_MYSQL_HOST: "db", BACKUP_MYSQL_USER: "x" }, "BACKUP_MYSQL_HOST needs BACKUP_MYSQL_DATABASE beside it."],
    [{ BACKUP_MYSQL_DATABASE: "shop" }, "BACKUP_MYSQL_DATABASE needs BACKUP_MYSQL_USER beside it."],
    [{ BACKUP_COMPRESSION_LEVEL: "10" }, "BACKUP_COMPRESSION_LEVEL is a whole number from 1 to 9."],
    [{ BACKUP_AUTO_CLEANUP: "maybe" }, "BACKUP_AUTO_CLEANUP is true or false."],
    [{ BACKUP_MEDIA_ROOT: "/a\nb" }, "BACKUP_MEDIA_ROOT is one line of text."],
    [{ HOLDFAST_ADMIN_EMAIL: "nobody", HOLDFAST_ADMIN_PASSWORD: "canary-1" }, "HOLDFAST_ADMIN_EMAIL is a mail address."],
  ])("refuse %j with one sentence", (environment, message) => {
    expect(refused(environment)).toBe(message);
  });

  it.each(["postgres://u:canary-1@h/db", "mysql://u:canary-1@h/", "mysql://u:canary-1@h", "u:canary-1@h/db", "mysql://u:canary-1#@h/db"])(
    "refuse the catalog address %s and do not repeat its password",
    (address) => {
      const message = refused({ HOLDFAST_DATABASE_URL: address });
      expect(message).toContain("HOLDFAST_DATABASE_URL is an address such as mysql://");
      expect(message).not.toContain("canary-1");
    },
  );

  it.each([
    "mail.example.com:25",
    "http://u:canary-1@mail",
    "smtp://u:canary-1%@mail",
    "smtp://:canary-1@mail",
    "smtp://u:canary-1@mail/inbox",
  ])("refuse the mail server %s and do not repeat its password", (address) => {
    const message = refused({ HOLDFAST_SMTP_URL: address });
    expect(message).toContain("HOLDFAST_SMTP_URL is an address such as smtp://");
    expect(message).not.toContain("canary-1");
  });

  it("tell all problems at once", () => {
    expect(refused({ HOLDFAST_PORT: "x", HOLDFAST_ROLE: "api", HOLDFAST_LGO_LEVEL: "info" })).toBe(
      "HOLDFAST_LGO_LEVEL is not a setting; HOLDFAST_LOG_LEVEL is. HOLDFAST_PORT is a whole number from 0 to 65535. " +
        "HOLDFAST_ROLE can only be all in this release: one process does everything.",
    );
  });

  it("warn of an unknown BACKUP_ name and go on", () => {
    expect(load({ BACKUP_MYSQL_PASWORD: "canary-1" }).warnings).toEqual([
      "BACKUP_MYSQL_PASWORD is not a setting and is ignored; BACKUP_MYSQL_PASSWORD is.",
    ]);
  });
});
