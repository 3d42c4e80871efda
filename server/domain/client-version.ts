/** The version that a server or a client says of itself, as far as it decides what a dump holds. */
export interface ProgramVersion {
  readonly flavour: "mariadb" | "mysql";
  readonly major: number;
  readonly minor: number;
}

/** Parses what a server answers to `SELECT VERSION()`: "11.8.3-MariaDB-deb13", "5.5.5-10.11.6-MariaDB", "8.4.2". Null for anything else. */
export function serverVersionOf(text: string): ProgramVersion | null {
  // MariaDB before 11 hides behind a number that old MySQL replicas understood.
  const found = /^(?:5\.5\.5-)?(\d+)\.(\d+)\./.exec(text);
  if (!found) return null;
  return { flavour: /mariadb/i.test(text) ? "mariadb" : "mysql", major: Number(found[1]), minor: Number(found[2]) };
}

/** Whether a client of `client`'s version may not know all that `server` holds: it is older, and of the same make. */
export function isOlder(client: { readonly flavour: string; readonly version: string }, server: ProgramVersion): boolean {
  const [major = Number.NaN, minor = Number.NaN] = client.version.split(".").map(Number);
  if (client.flavour !== server.flavour || Number.isNaN(major) || Number.isNaN(minor)) return false;
  return major < server.major || (major === server.major && minor < server.minor);
}
