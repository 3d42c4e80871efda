import type { Message } from "../../domain/notification.ts";
import type { Outcome } from "./outcome.ts";
import { post, type Wire } from "./post.ts";

/** What a backup tells a service that waits for it, as Healthchecks understands it. */
export type Beat = "start" | "success" | "fail";

/** The address itself for a success, `/start` and `/fail` behind it for the others. */
export function sendHeartbeat({ url }: { readonly url: string }, beat: Beat, message: Message | null, wire: Wire): Promise<Outcome> {
  const address = new URL(url);
  if (beat !== "success") address.pathname = `${address.pathname.replace(/\/*$/, "")}/${beat}`;
  const body = message ? `${message.title}\n${message.text}`.slice(0, 2000) : "";
  return post({ url: address.href, body, contentType: "text/plain; charset=utf-8", secrets: [url, address.href] }, wire);
}
