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

/** What the mail of the settings is called beside the channels. */
export const mailName = "Mail";

/** Seconds to wait after the first try, the second and so on; after the last of them it is given up. */
const patience = [30, 120, 600, 3600, 21_600] as const;

/** When something is tried again after so many tries; null when it is given up. A wish of the other side is met within six hours. */
export function nextTry(
  attempts: number,
  { permanent, retryAfterSeconds }: { readonly permanent: boolean; readonly retryAfterSeconds?: number | null },
  now: Date,
): Date | null {
  const wait = patience[attempts - 1];
  if (permanent || wait === undefined) return null;
  const asked = Math.min(retryAfterSeconds ?? 0, 21_600);
  return new Date(now.getTime() + Math.max(wait, asked) * 1000);
}
