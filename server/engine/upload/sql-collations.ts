import type { Span } from "./sql-reading.ts";
import type { SqlToken } from "./sql-tokens.ts";

export interface NamedCollation extends Span {
  /** In lower case. */
  readonly name: string;
}

const settings = new Set(["COLLATION_CONNECTION", "COLLATION_DATABASE", "COLLATION_SERVER", "DEFAULT_COLLATION_FOR_UTF8MB4"]);

/** The collations that a statement names: behind COLLATE, or as the value of a variable. */
export function collationsIn(tokens: readonly SqlToken[]): NamedCollation[] {
  return tokens.flatMap((token, index) => {
    if (token.word !== "COLLATE" && !settings.has(token.word)) return [];
    const equals = tokens[index + 1]?.word === "=" ? 1 : 0;
    if (token.word !== "COLLATE" && equals === 0) return [];
    const named = tokens[index + 1 + equals];
    if (!named || named.kind === "sign" || !/^[A-Za-z][A-Za-z0-9_]*$/.test(named.text)) return [];
    return [{ name: named.text.toLowerCase(), at: named.at, end: named.end }];
  });
}

/** Where a collation is known only to some servers: those, and one that all know. */
export function limitsOf(collation: string): { readonly knownTo: string; readonly instead: string } | null {
  if (/^utf8mb4_\w*0900_/.test(collation)) {
    const instead = collation.endsWith("_bin") ? "utf8mb4_bin" : "utf8mb4_unicode_520_ci";
    return { knownTo: "MySQL 8.0 and newer, and MariaDB from 11.4.5 on", instead };
  }
  const uca = /^(?<charset>[a-z0-9]+)_uca1400_/.exec(collation)?.groups?.charset ?? (collation.startsWith("uca1400_") ? "utf8mb4" : null);
  return uca ? { knownTo: "MariaDB 10.10 and newer", instead: `${uca}_unicode_520_ci` } : null;
}
