import { resolve } from "node:path";
import { z } from "zod";
import { compressionLevels } from "../../shared/limits.ts";
import { mailServerExample, parseMailServer } from "../domain/mail-server.ts";

/** Each message goes on from the name: "HOLDFAST_PORT" + " is a whole number…". No value is repeated: some are secrets. */
const told = (message: string) => ({ error: `%s ${message}` });

const text = z.string().refine((value) => !/[\0\r\n]/.test(value), told("is one line of text."));
const path = text.transform((value) => resolve(value));
const whole = (min: number, max: number) =>
  z
    .string()
    .refine(
      (value) => /^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max,
      told(`is a whole number from ${min} to ${max}.`),
    )
    .transform(Number);
const flag = z
  .string()
  .toLowerCase()
  .refine((value) => ["true", "false", "1", "0", "yes", "no", "on", "off"].includes(value), told("is true or false."))
  .transform((value) => ["true", "1", "yes", "on"].includes(value));
const oneOf = <const T extends string>(...values: readonly T[]) => z.enum(values, told(`is one of ${values.join(", ")}.`));
const email = z.email(told("is a mail address."));

const parsed = (value: string) => (URL.canParse(value) ? new URL(value) : null);
const publicUrl = z
  .string()
  .refine((value) => /^https?:$/.test(parsed(value)?.protocol ?? ""), told("is a web address such as https://backup.example.com."))
  .refine((value) => !/^\/./.test(parsed(value)?.pathname ?? ""), told("has no path: the dashboard is at the root of its address."))
  .transform((value) => new URL(value).origin);
const databaseUrl = z
  .string()
  .refine(
    (value) => /^(mysql|mariadb):$/.test(parsed(value)?.protocol ?? "") && /^\/[^/]+$/.test(parsed(value)?.pathname ?? ""),
    told("is an address such as mysql://user:password@host:3306/holdfast; signs in the password are written in percent form."),
  )
  .transform((value) => value.replace(/^mariadb:/, "mysql:"));

const smtpUrl = z
  .string()
  .refine(
    (value) => parseMailServer(value) !== null,
    told(`is an address such as ${mailServerExample}; signs in the password are written in percent form.`),
  );

/** As PATH is written: `/mnt:/srv/backups`. */
const folders = text
  .transform((value) => value.split(":").filter(Boolean))
  .refine((paths) => paths.every((path) => path.startsWith("/")), told("is a list of absolute folders, parted by colons."))
  .transform((paths) => paths.map((path) => resolve(path)));

const later = z.string().refine(() => false, told("has no effect in this release. Leave it out."));

/** Every name that Holdfast reads, with how its text is checked and what it becomes. An empty value counts as unset. */
export const fields = z.object({
  HOLDFAST_HOME: path.optional(),
  HOLDFAST_HOST: text.optional(),
  HOLDFAST_PORT: whole(0, 65535).optional(),
  HOLDFAST_PUBLIC_URL: publicUrl.optional(),
  HOLDFAST_DATABASE_URL: databaseUrl.optional(),
  HOLDFAST_ROLE: oneOf("all", "api", "worker")
    .refine((role) => role === "all", told("can only be all in this release: one process does everything."))
    .optional(),
  HOLDFAST_REDIS_URL: later.optional(),
  HOLDFAST_KEY_FILE: path.optional(),
  HOLDFAST_ADMIN_EMAIL: email.optional(),
  HOLDFAST_ADMIN_PASSWORD: text.optional(),
  HOLDFAST_LOG_LEVEL: oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent").optional(),
  HOLDFAST_SMTP_URL: smtpUrl.optional(),
  HOLDFAST_STORAGE_ROOTS: folders.optional(),
  BACKUP_DIRECTORY: path.optional(),
  BACKUP_RETENTION_DAYS: whole(1, 36500).optional(),
  BACKUP_AUTO_CLEANUP: flag.optional(),
  BACKUP_MYSQL_PATH: path.optional(),
  BACKUP_MYSQL_HOST: text.optional(),
  BACKUP_MYSQL_PORT: whole(1, 65535).optional(),
  BACKUP_MYSQL_USER: text.optional(),
  BACKUP_MYSQL_PASSWORD: text.optional(),
  BACKUP_MYSQL_DATABASE: text.optional(),
  BACKUP_MYSQL_SOCKET: path.optional(),
  BACKUP_MEDIA_ROOT: path.optional(),
  BACKUP_COMPRESSION_LEVEL: whole(compressionLevels.GZIP.min, compressionLevels.GZIP.max).optional(),
  BACKUP_EMAIL_NOTIFICATIONS: flag.optional(),
  BACKUP_NOTIFICATION_EMAIL: email.optional(),
});

export type Fields = z.output<typeof fields>;
export const fieldNames = Object.keys(fields.shape);
