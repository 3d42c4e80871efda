import { sendDiscord } from "./discord.ts";
import { type MailServer, sendEmail } from "./email.ts";
import type { Envelope } from "./envelope.ts";
import { sendHeartbeat } from "./heartbeat.ts";
import { type NtfyTarget, sendNtfy } from "./ntfy.ts";
import type { Outcome } from "./outcome.ts";
import type { Wire } from "./post.ts";
import { sendSlack } from "./slack.ts";
import { sendTeams } from "./teams.ts";
import { sendTelegram, type TelegramTarget } from "./telegram.ts";
import { sendWebhook, type WebhookTarget } from "./webhook.ts";

/** Where a message goes, with what is secret about it. */
export type Destination =
  | { readonly kind: "EMAIL"; readonly addresses: readonly string[]; readonly server: MailServer }
  | { readonly kind: "SLACK" | "DISCORD" | "TEAMS" | "HEARTBEAT"; readonly url: string }
  | ({ readonly kind: "TELEGRAM" } & TelegramTarget)
  | ({ readonly kind: "NTFY" } & NtfyTarget)
  | ({ readonly kind: "WEBHOOK" } & WebhookTarget);

/** Sends one message by one channel, once, and says what became of it. Throws only when the wire's signal aborts. */
export function send(destination: Destination, envelope: Envelope, wire: Wire, now: Date): Promise<Outcome> {
  switch (destination.kind) {
    case "EMAIL":
      return sendEmail(destination, envelope, wire);
    case "SLACK":
      return sendSlack(destination, envelope, wire);
    case "DISCORD":
      return sendDiscord(destination, envelope, wire);
    case "TEAMS":
      return sendTeams(destination, envelope, wire);
    case "TELEGRAM":
      return sendTelegram(destination, envelope, wire);
    case "NTFY":
      return sendNtfy(destination, envelope, wire);
    case "WEBHOOK":
      return sendWebhook(destination, envelope, wire, now);
    case "HEARTBEAT":
      return sendHeartbeat(destination, envelope.message.severity === "bad" ? "fail" : "success", envelope.message, wire);
    default:
      throw destination satisfies never;
  }
}
