import type { NotificationEvent } from "../../shared/enums.ts";

/** What anybody may see of a channel. What a kind does not use is absent. */
export interface ChannelConfig {
  /** EMAIL. */
  readonly addresses?: readonly string[];
  /** The host that is posted to, for a person; the whole address may be a secret. */
  readonly host?: string;
  /** TELEGRAM. */
  readonly chatId?: string;
  /** NTFY. */
  readonly topic?: string;
  /** NTFY's server, WEBHOOK's or HEARTBEAT's address where it holds no secret. */
  readonly url?: string;
}

/** What is told, before a channel gives it its own form. */
export interface Message {
  readonly event: NotificationEvent;
  /** One line. */
  readonly title: string;
  /** A sentence or two: what happened, and what to do. */
  readonly text: string;
  readonly severity: "good" | "attention" | "bad";
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** A page of the dashboard, as a path. */
  readonly path: string | null;
  readonly at: string;
  /** HTML of the body where it is more than the text, such as the digest's picture. */
  readonly html?: string;
}
