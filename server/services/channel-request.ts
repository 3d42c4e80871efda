import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { ChannelKind, NotificationEvent } from "../../shared/enums.ts";
import { limits } from "../../shared/limits.ts";
import { badInput } from "../domain/errors.ts";
import type { SourceId } from "../domain/ids.ts";
import { type ChannelConfig, mailName } from "../domain/notification.ts";
import { checkEndpoint } from "../engine/endpoint.ts";

export interface ChannelRequest {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly active?: boolean | null;
  readonly events?: readonly NotificationEvent[] | null;
  readonly sourceIds?: readonly SourceId[] | null;
  readonly addresses?: readonly string[] | null;
  readonly url?: string | null;
  readonly secretUrl?: string | null;
  readonly token?: string | null;
  readonly chatId?: string | null;
  readonly topic?: string | null;
  readonly signingKey?: string | null;
}

/** What is secret about a channel, as it is sealed. */
export interface ChannelSecret {
  readonly url?: string;
  readonly token?: string;
  readonly signingKey?: string;
}

/** A channel's address as it will be stored: what anybody may see, and what is sealed. */
export interface CheckedTarget {
  readonly config: ChannelConfig;
  readonly secret: ChannelSecret;
  /** A key that Holdfast made, to be shown once. */
  readonly madeKey: string | null;
}

/** What a channel is stored with at present, for an update that leaves secrets out. */
export interface PresentTarget {
  readonly config: ChannelConfig;
  readonly secret: ChannelSecret;
}

/** Told unless somebody chooses: all that is wrong, and its end. */
const usualEvents: readonly NotificationEvent[] = [
  ...(["BACKUP_FAILED", "BACKUP_MISSED", "BACKUP_OVERDUE", "VERIFICATION_FAILED", "RESTORE_FAILED", "STORAGE_LOW"] as const),
  ...(["STORAGE_UNREACHABLE", "COPIES_MISSING", "SIZE_ANOMALY", "CLEANUP_REFUSED", "SCHEDULE_PAUSED", "RECOVERED"] as const),
];

export function checkName(text: string): string {
  const name = text.trim();
  if (!name || name.length > limits.nameLength || /\p{Cc}/u.test(name))
    throw badInput(`A channel's name is one line of 1 to ${limits.nameLength} characters.`);
  if (name.toLowerCase() === mailName.toLowerCase()) throw badInput(`${mailName} is the mail of the settings.`, "Choose another name.");
  return name;
}

/** The events in their usual order, each once. A heartbeat follows backups alone. */
export function checkEvents({ kind, events }: ChannelRequest): readonly NotificationEvent[] {
  if (kind === "HEARTBEAT") return [];
  const chosen = [...new Set(events ?? usualEvents)].filter((event) => event !== "TEST");
  if (chosen.length === 0) throw badInput("Choose at least one event that this channel is told of.");
  return chosen;
}

/** Checks where a channel sends to, before anything is touched; a secret that is left out is kept only for the host that it was given for. */
export function checkTarget(request: ChannelRequest, present: PresentTarget | null, allowed: readonly string[]): CheckedTarget {
  const made = (config: ChannelConfig, secret: ChannelSecret = {}, madeKey: string | null = null) => ({ config, secret, madeKey });
  switch (request.kind) {
    case "EMAIL":
      return made({ addresses: checkAddresses(request.addresses ?? []) });
    case "SLACK":
    case "DISCORD":
    case "TEAMS":
    case "HEARTBEAT": {
      const given = request.secretUrl?.trim() || present?.secret.url;
      if (!given)
        throw badInput(
          "Enter the address that is posted to.",
          `The service shows it where the ${request.kind === "HEARTBEAT" ? "check" : "webhook"} is made.`,
        );
      return made({ host: checkEndpoint(given, allowed).host }, { url: given });
    }
    case "TELEGRAM": {
      const url = addressOf(request.url?.trim() || present?.config.url || "https://api.telegram.org", allowed);
      const token = request.token?.trim() || keptFor(url, present, "token");
      if (!token || !/^\d{1,20}:[\w-]{20,100}$/.test(token))
        throw badInput("Enter the bot's token, such as 123456789:AA…", "BotFather shows it. For another server it has to be given again.");
      const chatId = request.chatId?.trim() ?? present?.config.chatId ?? "";
      if (!/^(-?\d{1,20}|@\w{3,64})$/.test(chatId))
        throw badInput(
          "The chat is a number, or @ and the name of a public channel.",
          "Send the bot a message, then look at its getUpdates.",
        );
      return made({ url, host: new URL(url).host, chatId }, { token });
    }
    case "NTFY": {
      const url = addressOf(request.url?.trim() || present?.config.url || "https://ntfy.sh", allowed);
      const topic = request.topic?.trim() ?? present?.config.topic ?? "";
      if (!/^[\w-]{1,64}$/.test(topic)) throw badInput("A topic has 1 to 64 letters, digits, - and _.");
      // An empty token takes it away.
      const token = request.token === null || request.token === undefined ? keptFor(url, present, "token") : request.token.trim();
      if (token && !/^[\x21-\x7e]{1,200}$/.test(token)) throw badInput("A token is one word of printable characters.");
      return made({ url, host: new URL(url).host, topic }, token ? { token } : {});
    }
    case "WEBHOOK": {
      const url = addressOf(request.url?.trim() || present?.config.url || "", allowed);
      const given = request.signingKey?.trim() || keptFor(url, present, "signingKey");
      const madeKey = given ? null : `whsec_${randomBytes(32).toString("base64")}`;
      return made({ url, host: new URL(url).host }, { signingKey: checkKey(given || madeKey || "") }, madeKey);
    }
    default:
      throw request.kind satisfies never;
  }
}

const addressOf = (text: string, allowed: readonly string[]): string => {
  if (!text) throw badInput("Enter the address that is posted to.", "For example https://example.com/hooks/backups.");
  return checkEndpoint(text, allowed).href;
};

/** The stored secret, if it was given for the same host. */
const keptFor = (url: string, present: PresentTarget | null, name: "token" | "signingKey"): string | null =>
  present?.config.host === new URL(url).host ? (present.secret[name] ?? null) : null;

function checkKey(key: string): string {
  const bytes = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(key) ? Buffer.from(key.slice(6), "base64").length : 0;
  if (bytes < 24 || bytes > 64)
    throw badInput("A signing key is whsec_ and 24 to 64 bytes in base64.", "Leave it out, and Holdfast makes one.");
  return key;
}

function checkAddresses(given: readonly string[]): readonly string[] {
  const addresses = [...new Set(given.map((address) => address.trim()).filter(Boolean))];
  if (addresses.length === 0 || addresses.length > limits.mailAddresses)
    throw badInput(`Enter 1 to ${limits.mailAddresses} mail addresses.`);
  const wrong = addresses.find((address) => address.length > 254 || !z.email().safeParse(address).success);
  if (wrong !== undefined) throw badInput(`${JSON.stringify(wrong.slice(0, 260))} is not a mail address.`);
  return addresses;
}
