import type { Span } from "./sql-reading.ts";
import type { SqlToken } from "./sql-tokens.ts";

/** What a statement of an uploaded dump is, and what is to become of it. */
export interface Judgement {
  readonly kind: SqlKind;
  /** The table, view, trigger, routine or event that it makes, fills or drops. */
  readonly name: string | null;
  /** The database's name, in a CREATE DATABASE, DROP DATABASE or USE. */
  readonly database: string | null;
  readonly engine: string | null;
  /** DEFINER = somebody: the account as it stands there, and where. */
  readonly definer: (Span & { readonly account: string }) | null;
  /** The names of databases in front of names, to be left out. */
  readonly qualifiers: readonly (Span & { readonly schema: string })[];
  /** An event's ENABLE or DISABLE, or the place where one belongs. */
  readonly enable: Span | null;
  /** The session's sql_mode behind the statement; null where it does not set it. */
  readonly mode: string | null;
  readonly refusal: Refusal | null;
}

export type SqlKind =
  | "blank"
  | "set"
  | "table"
  | "sequence"
  | "view"
  | "trigger"
  | "procedure"
  | "function"
  | "package"
  | "event"
  | "rows"
  | "dropTable"
  | "dropDefinition"
  | "alter"
  | "other"
  | "makeDatabase"
  | "dropDatabase"
  | "use"
  /** A harmless line about the old server, which is left out. */
  | "replication";

export interface Refusal {
  readonly reason: "SQL_CLIENT_COMMAND" | "SQL_OTHER_DATABASE" | "SQL_NOT_ALLOWED";
  /** Such as `GRANT`, to go on with "is not allowed". */
  readonly what: string;
  /** Where in the statement. */
  readonly at: number;
}

const nothing: Judgement = {
  kind: "other",
  name: null,
  database: null,
  engine: null,
  definer: null,
  qualifiers: [],
  enable: null,
  mode: null,
  refusal: null,
};

export const judged = (kind: SqlKind, rest: Partial<Omit<Judgement, "kind">> = {}): Judgement => ({ ...nothing, ...rest, kind });

export const refused = (reason: Refusal["reason"], what: string, token: SqlToken | undefined): Judgement =>
  judged("other", { refusal: { reason, what, at: token?.at ?? 0 } });
