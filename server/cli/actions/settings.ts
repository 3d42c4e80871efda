import { badInput, Failure, notFound } from "../../domain/errors.ts";
import { firstLine } from "../asking.ts";
import * as documents from "../documents/settings.ts";
import { answer, table } from "../output.ts";
import type { Session } from "../session.ts";

/** settings: all of them, with where each value comes from. */
export async function show(session: Session): Promise<void> {
  const { settings } = await session.holdfast.ask<{ settings: documents.Settings }>(documents.settingsDocument);
  answer(session, settings, portrayed(settings, session));
}

function portrayed({ origins, ...settings }: documents.Settings, { output }: Session): string {
  const from = new Map(origins.map((one) => [one.name, one]));
  const rows = Object.entries(settings).map(([name, value]) => {
    const origin = from.get(name);
    return [
      name,
      shown(value),
      origin ? `${origin.origin.toLowerCase()}${origin.environmentName ? ` ${origin.environmentName}` : ""}` : "",
    ];
  });
  return table(["NAME", "VALUE", "FROM"], rows, output.color);
}

function shown(value: unknown): string {
  if (value === null) return "";
  if (Array.isArray(value)) return value.map(String).join(" ");
  if (typeof value !== "object") return String(value);
  if ("name" in value) return String(value.name);
  return Object.entries(value)
    .filter(([, one]) => one !== null)
    .map(([name, one]) => `${name} ${one}`)
    .join(", ");
}

const lists = ["notificationEmails", "allowedEndpoints", "recoveryRecipients"];
const texts = ["mailFrom", "timeZone", "toolsPath", "defaultStorageId"];
const words = ["compression"];
const limits = ["keepLast", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly"];

/** settings set: one value, in the words of the API; `-` reads it from standard input. */
export async function set(session: Session, name: string, given: string): Promise<void> {
  if (name === "smtpUrl" && given !== "-")
    throw badInput(
      "The mail server's address may hold a password, which every user of this machine could see.",
      "Give - and write it to standard input.",
    );
  const text = given === "-" ? await firstLine() : given;
  const input = limits.includes(name) ? { retention: await limitsWith(session, name, text) } : { [name]: meant(name, text) };
  const { updateSettings } = await session.holdfast.ask<{ updateSettings: documents.Settings }>(documents.updateSettingsDocument, {
    input,
  });
  answer(session, updateSettings, name === "smtpUrl" ? "The mail server is set." : `${name} is ${text === "" ? "empty" : text} now.`);
}

function meant(name: string, text: string): unknown {
  if (lists.includes(name)) return text.split(/[\s,]+/).filter(Boolean);
  if (words.includes(name)) return text.toUpperCase();
  if (texts.includes(name) || name === "smtpUrl") return text;
  if (text === "true" || text === "false") return text === "true";
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw badInput(
    `${name} cannot be ${text.slice(0, 100)}.`,
    "Values are numbers, true or false, or words; `npx holdfast settings` shows them.",
  );
}

/** The global limits with one of them changed; none takes it away. */
async function limitsWith({ holdfast }: Session, name: string, text: string): Promise<object> {
  const { settings } = await holdfast.ask<{ settings: documents.Settings }>(documents.settingsDocument);
  const { days: _, ...others } = settings.retention as Record<string, unknown>;
  return { ...others, [name]: text === "none" ? null : meant(name, text) };
}

/** settings reset: back to what the environment or the default says. */
export async function reset(session: Session, names: readonly string[]): Promise<void> {
  const { resetSettings } = await session.holdfast.ask<{ resetSettings: documents.Settings }>(documents.resetSettingsDocument, { names });
  answer(session, resetSettings, portrayed(resetSettings, session));
}

/** test-notification: exit status 1 when it did not arrive. */
export async function testNotification(session: Session, name: string | undefined, { email }: { readonly email?: boolean }): Promise<void> {
  if (email ? name !== undefined : name === undefined) throw badInput("Name a channel, or give --email.");
  const { result } = email
    ? await session.holdfast.ask<documents.Tested>(documents.testEmailDocument)
    : await session.holdfast.ask<documents.Tested>(documents.testChannelDocument, { id: await channelOf(session, name ?? "") });
  if (!result.ok) process.exitCode = 1;
  answer(session, result, [result.message, ...(result.hint ? [result.hint] : [])].join("\n"));
}

/** A channel by its id or its name. */
async function channelOf({ holdfast }: Session, name: string): Promise<string> {
  const { notificationChannels } = await holdfast.ask<{ notificationChannels: readonly documents.Channel[] }>(documents.channelsDocument);
  const found = notificationChannels.find((one) => one.id === name) ?? notificationChannels.find((one) => one.name === name);
  if (found) return found.id;
  const known = notificationChannels.map((one) => `  ${one.id}  ${one.name}`).join("\n");
  if (notificationChannels.length === 0)
    throw new Failure("NOT_FOUND", "There is no channel yet.", "Add one on the dashboard, under Settings.");
  throw new Failure("NOT_FOUND", notFound("channel", name).message, `There are:\n${known}`);
}
