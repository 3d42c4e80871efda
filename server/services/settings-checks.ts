import { isAbsolute, resolve } from "node:path";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Compression } from "../../shared/enums.ts";
import { compressionLevels, limits } from "../../shared/limits.ts";
import { badInput, Failure } from "../domain/errors.ts";
import { checkLimit } from "../domain/retention-check.ts";
import type { SettingValues } from "../domain/settings.ts";
import { isRecipient } from "../engine/codec/age-keys.ts";

/** Refuses a level that the compression's own scale does not have. */
export function checkLevel(compression: Compression, level: number): void {
  const { min, max } = compressionLevels[compression];
  if (!Number.isInteger(level) || level < min || level > max)
    throw badInput(`The compression level for ${compression} is a whole number from ${min} to ${max}.`);
}

type Checks = { readonly [Name in keyof SettingValues]: (value: SettingValues[Name]) => SettingValues[Name] };

/** How each setting is checked by itself, whoever gives it, and what it becomes. */
const checks: Checks = {
  retentionDays: whole("The days of retention", 1, 36_500),
  retention: checkLimits,
  autoCleanup: (value) => value,
  compression: (value) => value,
  compressionLevel: (value) => value,
  emailNotifications: (value) => value,
  notificationEmails: checkAddresses,
  notifyOnSuccess: (value) => value,
  notifyOnFailure: (value) => value,
  mailFrom: checkSender,
  weeklyDigest: (value) => value,
  digestDay: whole("The day of the digest", 0, 6, "0 is Sunday, 6 is Saturday."),
  timeZone: checkZone,
  toolsPath: checkToolsPath,
  concurrency: whole("How many operations run at once", 1, 16),
  concurrencyPerSource: whole("How many operations run at once on a source", 1, 16),
  storageLowPercent: whole("The percentage below which a storage is low", 1, 99),
  sizeAnomalyPercent: whole("The percentage by which a backup may differ", 1, 99),
  targetBackupAgeHours: targetHours("The oldest that a newest backup may be"),
  targetProofAgeHours: targetHours("The oldest that a newest proof may be"),
  allowedEndpoints: checkEndpoints,
  encryptBackups: (value) => value,
  recoveryRecipients: checkRecipients,
  historyDays: whole("The days of history", 1, 36_500),
};

/** Refuses with BAD_USER_INPUT what cannot be, and gives the values as they are kept; `present` is what they change. */
export function checkSettings(changes: Partial<SettingValues>, present: SettingValues): Partial<SettingValues> {
  const checked = Object.fromEntries(
    Object.entries(changes).map(([name, value]) => [name, (checks[name as keyof Checks] as (value: unknown) => unknown)(value)]),
  ) as Partial<SettingValues>;
  const next = { ...present, ...checked };
  checkLevel(next.compression, next.compressionLevel);
  if (next.concurrencyPerSource > next.concurrency)
    throw badInput("No more operations can run on one source than run in all.", "Raise `concurrency`, or lower `concurrencyPerSource`.");
  return checked;
}

function whole(what: string, min: number, max: number, hint?: string) {
  return (value: number): number => {
    if (!Number.isInteger(value) || value < min || value > max) throw badInput(`${what} is a whole number from ${min} to ${max}.`, hint);
    return value;
  };
}

/** Hours from 1; 0 is how a client says that there is no target. */
function targetHours(what: string) {
  const check = whole(what, 0, limits.targetHours, "In hours; 0 sets no target.");
  return (value: number | null): number | null => (value === null ? null : check(value) || null);
}

function checkLimits(retention: SettingValues["retention"]): SettingValues["retention"] {
  for (const [limit, value] of Object.entries(retention)) checkLimit(limit as keyof SettingValues["retention"], value);
  return retention;
}

const isAddress = (text: string) => text.length <= 254 && z.email().safeParse(text).success;

function checkAddresses(addresses: readonly string[]): readonly string[] {
  const given = [...new Set(addresses.map((address) => address.trim()).filter(Boolean))];
  if (given.length > limits.mailAddresses) throw badInput(`Mail goes to at most ${limits.mailAddresses} addresses.`);
  const wrong = given.find((address) => !isAddress(address));
  if (wrong !== undefined) throw badInput(`${JSON.stringify(wrong)} is not a mail address.`);
  return given;
}

/** An address, or a name with an address in angle brackets. */
function checkSender(value: string | null): string | null {
  const sender = value?.trim() ?? "";
  if (!sender) return null;
  const address = /^[^<>\r\n\0]{0,120}<([^<>]+)>$/.exec(sender)?.[1] ?? sender;
  if (/[\r\n\0]/.test(sender) || !isAddress(address))
    throw badInput(`The sender is a mail address, such as "Backups <backup@example.com>".`);
  return sender;
}

function checkZone(zone: string): string {
  try {
    if (!/^[A-Z]/i.test(zone)) throw new RangeError("An offset is not a zone: it knows no summer.");
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch (cause) {
    throw new Failure("BAD_USER_INPUT", `There is no time zone ${JSON.stringify(zone)}.`, "Name it as in Europe/Berlin, or UTC.", {
      cause,
      reason: "TIMEZONE_UNKNOWN",
    });
  }
}

function checkToolsPath(value: string | null): string | null {
  const path = value?.trim() ?? "";
  if (!path) return null;
  if (!isAbsolute(path) || /[\r\n\0]/.test(path))
    throw badInput("The path of the client tools is absolute.", "For example /usr/local/mysql/bin; empty to use those on PATH.");
  return resolve(path);
}

function checkEndpoints(endpoints: readonly string[]): readonly string[] {
  const given = [...new Set(endpoints.map((endpoint) => endpoint.trim().toLowerCase()).filter(Boolean))];
  if (given.length > limits.allowedEndpoints) throw badInput(`At most ${limits.allowedEndpoints} endpoints are allowed by name.`);
  const wrong = given.find((endpoint) => !isEndpoint(endpoint));
  if (wrong !== undefined)
    throw badInput(`${JSON.stringify(wrong)} is no host, address or network.`, "For example chat.internal, 10.0.0.5 or 192.168.1.0/24.");
  return given;
}

function checkRecipients(recipients: readonly string[]): readonly string[] {
  const given = [...new Set(recipients.map((recipient) => recipient.trim()).filter(Boolean))];
  if (given.length > limits.recoveryRecipients)
    throw badInput(`Backups are encrypted to at most ${limits.recoveryRecipients} recovery recipients.`);
  // Never repeated: what is entered here by mistake is the secret half.
  if (given.some((recipient) => /^AGE-SECRET-KEY-/i.test(recipient)))
    throw badInput(
      "This is an age identity: the secret half, which opens backups.",
      "Enter the recipient that belongs to it, which begins with age1; `age-keygen -y FILE` prints it. Whoever saw the identity here can open what is encrypted to it: make another one.",
    );
  const wrong = given.findIndex((recipient) => !isRecipient(recipient));
  if (wrong >= 0)
    throw badInput(
      `Recovery recipient ${wrong + 1} is no age recipient.`,
      "It begins with age1 and has 62 characters; `age-keygen` prints it as the public key. A single mistyped character is noticed.",
    );
  return given;
}

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const isEndpoint = (text: string) =>
  ipaddr.IPv4.isValidFourPartDecimal(text) ||
  ipaddr.IPv6.isValid(text) ||
  ipaddr.isValidCIDR(text) ||
  // What looks like an address but is none would be read as one by some resolvers.
  (hostName.test(text) && !/^(0x[0-9a-f]+|[0-9.]+)$/.test(text));
