import type { Message } from "../../domain/notification.ts";
import type { Envelope } from "./envelope.ts";
import type { Outcome } from "./outcome.ts";
import { post, type Wire } from "./post.ts";

const colors: Readonly<Record<Message["severity"], string>> = { good: "Good", attention: "Warning", bad: "Attention" };

/** A Teams channel by a Workflows webhook: an Adaptive Card of text runs, which have no mark-up to break out of. */
export function sendTeams({ url }: { readonly url: string }, { message, link }: Envelope, wire: Wire): Promise<Outcome> {
  const runs = (...inlines: readonly Readonly<Record<string, unknown>>[]) => ({
    type: "RichTextBlock",
    inlines: inlines.map((inline) => ({ type: "TextRun", ...inline })),
  });
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body: [
      runs({ text: message.title, weight: "Bolder", size: "Medium", color: colors[message.severity] }),
      ...message.text
        .split("\n")
        .filter(Boolean)
        .map((text) => runs({ text })),
      ...message.facts.map(({ name, value }) => runs({ text: `${name}: `, weight: "Bolder" }, { text: value })),
    ],
    actions: link ? [{ type: "Action.OpenUrl", title: "Open in Holdfast", url: link }] : [],
    msteams: { width: "Full" },
  };
  const attachment = { contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content };
  return post({ url, body: JSON.stringify({ type: "message", attachments: [attachment] }), secrets: [url] }, wire);
}
