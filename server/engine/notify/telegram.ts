import { escapeHtml } from "../../domain/html.ts";
import { type Envelope, plainText } from "./envelope.ts";
import type { Outcome } from "./outcome.ts";
import { post, type Wire } from "./post.ts";

export interface TelegramTarget {
  /** The Bot API's server. */
  readonly url: string;
  readonly token: string;
  readonly chatId: string;
}

/** A message of a Telegram bot. */
export function sendTelegram({ url, token, chatId }: TelegramTarget, envelope: Envelope, wire: Wire): Promise<Outcome> {
  // Telegram takes 4,096 characters after the entities were read.
  const text = `<b>${escapeHtml(envelope.message.title)}</b>\n${escapeHtml(plainText(envelope).slice(0, 3500))}`;
  const body = JSON.stringify({ chat_id: chatId, text, parse_mode: "HTML", link_preview_options: { is_disabled: true } });
  const address = new URL(`./bot${token}/sendMessage`, `${url.replace(/\/*$/, "")}/`).href;
  return post({ url: address, body, secrets: [token, encodeURIComponent(token)], explain: descriptionIn }, wire);
}

function descriptionIn(answer: string): string | null {
  try {
    const parsed: unknown = JSON.parse(answer);
    return typeof parsed === "object" && parsed !== null && "description" in parsed ? String(parsed.description) : null;
  } catch {
    return null;
  }
}
