import type { Message } from "../../domain/notification.ts";
import type { Envelope } from "./envelope.ts";
import type { Outcome } from "./outcome.ts";
import { post, type Wire } from "./post.ts";

const colors: Readonly<Record<Message["severity"], number>> = { good: 0x2e8540, attention: 0xc77700, bad: 0xc62828 };

/** A webhook of Discord: one embed, which nobody is mentioned by. */
export function sendDiscord({ url }: { readonly url: string }, { message, link }: Envelope, wire: Wire): Promise<Outcome> {
  const text = (value: string, limit: number) => escapeMarkdown(value).slice(0, limit) || "\u200b";
  const embed = {
    title: text(message.title, 256),
    description: text(message.text, 4000),
    color: colors[message.severity],
    timestamp: message.at,
    fields: message.facts.slice(0, 25).map(({ name, value }) => ({ name: text(name, 256), value: text(value, 1024), inline: true })),
    ...(link ? { url: link } : {}),
  };
  const body = JSON.stringify({ embeds: [embed], allowed_mentions: { parse: [] } });
  return post({ url, body, secrets: [url], explain: messageIn }, wire);
}

/** Every sign that Markdown could take for its own is shown as itself. */
export const escapeMarkdown = (text: string) => text.replace(/[\\`*_{}[\]()#+\-.!|>~<:@]/g, "\\$&");

function messageIn(answer: string): string | null {
  try {
    const parsed: unknown = JSON.parse(answer);
    return typeof parsed === "object" && parsed !== null && "message" in parsed ? String(parsed.message) : null;
  } catch {
    return null;
  }
}
