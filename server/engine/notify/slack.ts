import type { Envelope } from "./envelope.ts";
import type { Outcome } from "./outcome.ts";
import { post, type Wire } from "./post.ts";

/** An incoming webhook of Slack, or of what understands its form. Every text is `plain_text`, which has no mark-up to break out of. */
export function sendSlack({ url }: { readonly url: string }, { message, link }: Envelope, wire: Wire): Promise<Outcome> {
  const plain = (text: string, limit: number) => ({ type: "plain_text", text: text.slice(0, limit), emoji: false });
  const body = {
    // What a notification on a phone shows; here Slack would read mark-up.
    text: escapeSlack(message.title),
    blocks: [
      { type: "header", text: plain(message.title, 150) },
      { type: "section", text: plain(message.text || message.title, 3000) },
      ...(message.facts.length > 0
        ? [{ type: "section", fields: message.facts.slice(0, 10).map(({ name, value }) => plain(`${name}\n${value}`, 2000)) }]
        : []),
      ...(link ? [{ type: "actions", elements: [{ type: "button", text: plain("Open in Holdfast", 75), url: link }] }] : []),
    ],
  };
  return post({ url, body: JSON.stringify(body), secrets: [url], explain: (answer) => (answer.startsWith("<") ? null : answer) }, wire);
}

/** `<!channel>` and links lose their meaning, and so do the signs of emphasis. */
const escapeSlack = (text: string) =>
  text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/[*_~`]/g, "\u200b$&");
