/** A mail server, as `smtp://user:password@host:port` says it. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; without it the server is asked for STARTTLS. */
  readonly secure: boolean;
  readonly user: string | null;
  readonly password: string | null;
}

export const mailServerExample = "smtp://user:password@mail.example.com:587";

/** What an address of a mail server means; null for what is none. Signs in user and password are written in percent form. */
export function parseMailServer(address: string): MailServer | null {
  if (!/^smtps?:\/\//i.test(address) || /[\s\0]/.test(address) || !URL.canParse(address)) return null;
  const { protocol, hostname, port, username, password, pathname, hash } = new URL(address);
  if (!hostname || pathname.length > 1 || hash || (password && !username)) return null;
  const secure = protocol === "smtps:";
  const [user, clear] = [decoded(username), decoded(password)];
  if (user === null || clear === null) return null;
  return { host: hostname, port: Number(port) || (secure ? 465 : 587), secure, user: user || null, password: clear || null };
}

/** Host and port, for a person: never the user or the password. */
export const mailServerName = ({ host, port }: MailServer): string => `${host}:${port}`;

/** The sender when none is set: the account where it is an address, else holdfast at the server's host. */
export const senderFor = ({ user, host }: MailServer): string => (user && /^[^\s@<>"]+@[^\s@<>"]+$/.test(user) ? user : `holdfast@${host}`);

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
