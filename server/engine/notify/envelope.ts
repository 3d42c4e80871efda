import type { Message } from "../../domain/notification.ts";

/** A message with what every channel puts around it. */
export interface Envelope {
  /** The delivery's own: the same at every try, so that the other side can tell a repetition. */
  readonly id: string;
  readonly message: Message;
  /** The page of the dashboard that it is about; null when the dashboard's address is not known. */
  readonly link: string | null;
}

/** The message as plain lines. */
export const plainText = ({ message, link }: Envelope): string =>
  [
    message.text,
    ...(message.facts.length > 0 ? ["", ...message.facts.map(({ name, value }) => `${name}: ${value}`)] : []),
    ...(link ? ["", link] : []),
  ].join("\n");
