import type { Message } from "../../domain/notification.ts";
import { type Envelope, plainText } from "./envelope.ts";
import type { Outcome } from "./outcome.ts";
import { post, type Wire } from "./post.ts";

export interface NtfyTarget {
  readonly url: string;
  readonly topic: string;
  readonly token: string | null;
}

const priorities: Readonly<Record<Message["severity"], number>> = { good: 2, attention: 4, bad: 5 };
const tags: Readonly<Record<Message["severity"], string>> = { good: "white_check_mark", attention: "warning", bad: "rotating_light" };

/** A topic of ntfy, published as JSON: no text ever becomes a header. */
export function sendNtfy({ url, topic, token }: NtfyTarget, envelope: Envelope, wire: Wire): Promise<Outcome> {
  const { message, link } = envelope;
  const body = {
    topic,
    title: message.title.slice(0, 250),
    message: plainText({ ...envelope, link: null }).slice(0, 3500),
    priority: priorities[message.severity],
    tags: [tags[message.severity]],
    ...(link ? { click: link } : {}),
  };
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  return post({ url, body: JSON.stringify(body), headers, secrets: [token ?? ""] }, wire);
}
