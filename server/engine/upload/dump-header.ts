/** What a dump program says of itself in its comments. */
export interface DumpHeader {
  flavour: "mariadb" | "mysql" | null;
  serverVersion: string | null;
  database: string | null;
  /** Its last line, by which a whole dump is known; null for programs that write none. */
  program: "dump" | "phpmyadmin" | null;
}

export const emptyHeader = (): DumpHeader => ({ flavour: null, serverVersion: null, database: null, program: null });

/** Adds what a comment in front of the first statements says. */
export function readHeader(header: DumpHeader, comment: string): void {
  if (/^-- (?:MySQL|MariaDB) dump\b/i.test(comment)) {
    header.program = "dump";
    header.flavour ??= /MariaDB/i.test(comment) ? "mariadb" : "mysql";
  }
  if (/^-- phpMyAdmin\b/i.test(comment)) header.program = "phpmyadmin";
  const version =
    /^-- (?:Server version|Server-Version|Versione del server|Version du serveur|Versión del servidor)[\s:]+(?<version>[\w.:~+-]+)/i.exec(
      comment,
    )?.groups?.version;
  if (version) {
    header.serverVersion ??= version;
    header.flavour = /MariaDB/i.test(version) ? "mariadb" : (header.flavour ?? "mysql");
  }
  const host = /^-- Host: .*?\bDatabase: (?<name>\S.*?)\s*$/.exec(comment)?.groups?.name;
  const named = /^-- (?:Database|Current Database): `(?<name>(?:[^`]|``)+)`/.exec(comment)?.groups?.name;
  const name = named?.replaceAll("``", "`") ?? host;
  if (name) header.database ??= name;
}

/** The longest mark that may stand in front of a dump. */
export const markBytes = 128;

/** How many bytes in front of a dump are no SQL: a byte order mark, and the line by which newer dumps shut the client's commands off. */
export function markOf(head: Buffer): { readonly length: number; readonly sandbox: boolean } {
  const text = head.toString("latin1", 0, markBytes);
  const sandbox = /^(?:\xef\xbb\xbf)?\/\*M?!999999\\- enable the sandbox mode \*\/ ?;?(?=\r?\n)/.exec(text)?.[0];
  return { length: sandbox?.length ?? (text.startsWith("\xef\xbb\xbf") ? 3 : 0), sandbox: sandbox !== undefined };
}

export const trailer = /(?:^|\n)-- Dump completed(?: on [^\n]*)?\s*$/;
