import { createTransport } from "nodemailer";
import type SMTPTransport from "nodemailer/lib/smtp-transport/index.js";
import { messageOf } from "../../domain/errors.ts";
import { escapeHtml } from "../../domain/html.ts";
import { parseMailServer } from "../../domain/mail-server.ts";
import type { Message } from "../../domain/notification.ts";
import { type Envelope, plainText } from "./envelope.ts";
import { lasting, type Outcome, passing, sent } from "./outcome.ts";
import { printable } from "./said.ts";

/** The mail server, an administrator's own choice and so not guarded, and who the mails come from. */
export interface MailServer {
  /** `smtp://` or `smtps://`, with user and password where they are needed. */
  readonly url: string;
  /** An address, or a name with an address in angle brackets. */
  readonly from: string;
}

/** One mail to all of the addresses. Throws only when `signal` aborts. */
export async function sendEmail(
  { addresses, server }: { readonly addresses: readonly string[]; readonly server: MailServer },
  envelope: Envelope,
  { signal, wholeMilliseconds = 15_000 }: { readonly signal: AbortSignal; readonly wholeMilliseconds?: number },
): Promise<Outcome> {
  const options: SMTPTransport.Options = {
    url: server.url,
    connectionTimeout: 5000,
    greetingTimeout: 5000,
    socketTimeout: 10_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  const transport = createTransport(options);
  const whole = AbortSignal.any([signal, AbortSignal.timeout(wholeMilliseconds)]);
  const tooLate = Promise.withResolvers<never>();
  const onAbort = () => tooLate.reject(whole.reason);
  whole.addEventListener("abort", onAbort, { once: true });
  try {
    const info = await Promise.race([transport.sendMail(mailOf(addresses, server, envelope)), tooLate.promise]);
    return info.rejected.length === 0 ? sent : { ok: true, note: `Refused for ${info.rejected.map(String).join(", ")}.` };
  } catch (error) {
    signal.throwIfAborted();
    return whole.aborted ? passing("The mail server gave no answer in time.") : refused(error, server);
  } finally {
    whole.removeEventListener("abort", onAbort);
    transport.close();
  }
}

const mailOf = (addresses: readonly string[], { from }: MailServer, envelope: Envelope) => ({
  from: from.includes("<") ? from : { name: "Holdfast", address: from },
  to: addresses.map((address) => ({ name: "", address })),
  subject: envelope.message.title,
  text: plainText(envelope),
  html: htmlOf(envelope),
  messageId: `<${envelope.id}@${/@([^\s<>@]+)>?$/.exec(from)?.[1] ?? "holdfast"}>`,
  date: new Date(envelope.message.at),
  headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
});

const colors: Readonly<Record<Message["severity"], string>> = { good: "#2e8540", attention: "#c77700", bad: "#c62828" };

/** One column, colours that hold on white and on black, and nothing that is fetched from elsewhere. */
function htmlOf({ message, link }: Envelope): string {
  const rows = message.facts.map(
    ({ name, value }) =>
      `<tr><td style="padding:2px 16px 2px 0;opacity:.7;vertical-align:top">${escapeHtml(name)}</td><td style="padding:2px 0">${escapeHtml(value)}</td></tr>`,
  );
  const lines = message.text.split("\n").filter(Boolean);
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>',
    '<body style="font:15px/1.5 system-ui,sans-serif;max-width:640px;margin:0 auto;padding:16px">',
    `<h1 style="font-size:18px;line-height:1.3;margin:0 0 12px;padding-left:12px;border-left:4px solid ${colors[message.severity]}">${escapeHtml(message.title)}</h1>`,
    message.html ?? lines.map((line) => `<p style="margin:0 0 8px">${escapeHtml(line)}</p>`).join(""),
    rows.length > 0 ? `<table role="presentation" style="border-collapse:collapse;margin:8px 0">${rows.join("")}</table>` : "",
    link ? `<p style="margin:16px 0 0"><a href="${escapeHtml(link)}">Open in Holdfast</a></p>` : "",
    "</body></html>",
  ].join("\n");
}

/** The server's word in one line, without the password, should it repeat it. */
function refused(error: unknown, { url }: MailServer): Outcome {
  const { code, responseCode, response } = error as { code?: string; responseCode?: number; response?: string };
  const said = printable(response ?? messageOf(error), [parseMailServer(url)?.password ?? "", url]);
  if (code === "EAUTH")
    return lasting(`The mail server refused the user name or the password: ${said}.`, "Check the mail server's address in the settings.");
  if (responseCode !== undefined && responseCode >= 500)
    return lasting(`The mail server refused the mail: ${said}.`, "Check the sender and the addresses.");
  return passing(`The mail could not be handed over: ${said}.`, "Check that the mail server is up and can be reached from here.");
}
