/** An identifier as SQL takes it, whatever characters it holds. */
export const quoteName = (name: string) => `\`${name.replaceAll("`", "``")}\``;

/** `schema`.`name` */
export const qualify = (schema: string, name: string) => `${quoteName(schema)}.${quoteName(name)}`;

/** A string literal, right under every sql_mode: an account name or a pattern in a statement for a person. */
const quoteText = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** A database name for GRANT, where `_` and `%` are wildcards. */
export const quotePattern = (name: string) => quoteName(name.replace(/[\\_%]/g, "\\$&"));

/** The name behind an identifier as it stands in a statement, with or without its quotes. */
export function unquote(token: string): string {
  const quote = token[0];
  if (token.length < 2 || (quote !== "`" && quote !== '"' && quote !== "'") || !token.endsWith(quote)) return token;
  return token.slice(1, -1).replaceAll(quote + quote, quote);
}

/** `CURRENT_USER()`'s answer (`name@host`) as GRANT takes it. */
export function quoteAccount(account: string): string {
  const at = account.lastIndexOf("@");
  return at < 0 ? quoteText(account) : `${quoteText(account.slice(0, at))}@${quoteText(account.slice(at + 1))}`;
}
