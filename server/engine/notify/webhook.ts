import { createHmac } from "node:crypto";
import type { Envelope } from "./envelope.ts";
import type { Outcome } from "./outcome.ts";
import { post, type Wire } from "./post.ts";

export interface WebhookTarget {
  readonly url: string;
  /** `whsec_` and the key in base64. */
  readonly signingKey: string;
}

/** Any program: JSON, signed as Standard Webhooks says, over its id, the second of this try, and the body. */
export function sendWebhook({ url, signingKey }: WebhookTarget, envelope: Envelope, wire: Wire, now: Date): Promise<Outcome> {
  const { id, message, link } = envelope;
  const { event, at, html: _, path: __, ...said } = message;
  const body = JSON.stringify({ type: event, timestamp: at, data: { id, ...said, link } });
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatureOf(signingKey, id, timestamp, body) };
  return post({ url, body, headers, secrets: [signingKey] }, wire);
}

/** `v1,` and the HMAC-SHA256 in base64. */
export function signatureOf(signingKey: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(signingKey.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}
