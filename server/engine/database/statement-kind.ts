import { unquote } from "./names.ts";

/** What a statement does, as far as a dump is concerned. */
export type StatementKind =
  | "blank"
  | "delimiter"
  | "set"
  | "table"
  | "insert"
  | "placeholder"
  | "view"
  | "trigger"
  | "procedure"
  | "function"
  | "event"
  | "definition"
  | "charset"
  | "foreign"
  | "other";

/** What a database has besides tables. A package counts as a procedure. */
export type DefinitionKind = Extract<StatementKind, "view" | "trigger" | "procedure" | "function" | "event">;

export interface Statement {
  readonly kind: StatementKind;
  /** The table, view, trigger, routine or event; null where there is none. */
  readonly name: string | null;
  /** The table that it makes, fills, locks, alters or drops, or whose trigger it makes; null where none is named. */
  readonly table: string | null;
  /** What the `name` of a DROP is; null for all other statements. */
  readonly drops: DefinitionKind | null;
  /** As it stands in the statement; null where none is named. */
  readonly definer: string | null;
  /** How many of an INSERT's outermost parentheses are no row. */
  readonly notRows: number;
}

const gap = String.raw`(?:\s|/\*M?!\d*|\*/)*`;
const space = String.raw`(?:\s|/\*M?!\d*|\*/)+`;
const ident = "(?:`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|[^\\s`\"'.@;(),*=]+)";
const account = `${ident}(?:\\s*@\\s*${ident})?(?:\\(\\))?`;
const qualified = `(?:(?<schema>${ident})\\s*\\.\\s*)?(?<name>${ident})`;
const exists = String.raw`(?:IF\s+(?:NOT\s+)?EXISTS\s+)?`;

const pattern = (text: string) => new RegExp(`^${gap}${text}`, "i");
const create = pattern(
  `CREATE${space}(?:OR\\s+REPLACE${space})?(?<options>(?:ALGORITHM\\s*=\\s*\\w+${space}|DEFINER\\s*=\\s*${account}${space}|SQL\\s+SECURITY\\s+\\w+${space}|AGGREGATE\\s+|TEMPORARY\\s+)*)` +
    `(?<kind>TABLE|SEQUENCE|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE\\s+BODY|PACKAGE)\\s+${exists}${qualified}`,
);
const definerIn = new RegExp(`DEFINER\\s*=\\s*(?<definer>${account})`, "i");
const insert = pattern(`(?:INSERT|REPLACE)\\s+(?:IGNORE\\s+)?INTO\\s+${qualified}\\s*(?<columns>\\()?`);
const drop = pattern(`DROP\\s+(?<what>VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE)\\b(?:\\s+(?:BODY\\s+)?${exists}${qualified})?`);
const onTable = pattern(
  `(?:(?:DROP|ALTER)\\s+(?:TABLE|SEQUENCE)\\s+${exists}|LOCK\\s+TABLES?\\s+|TRUNCATE\\s+(?:TABLE\\s+)?|(?:DO|SELECT)\\s+SETVAL\\s*\\(\\s*)${qualified}`,
);
const ofTrigger = new RegExp(`^\\s+(?:BEFORE|AFTER)\\s+(?:INSERT|UPDATE|DELETE)\\s+ON\\s+${qualified}`, "i");
const set = pattern(`SET\\b`);
const charset = pattern(`ALTER\\s+DATABASE\\b`);
const foreign = pattern(`(?:USE|(?:CREATE|DROP)${space}(?:DATABASE|SCHEMA))\\b`);

/** What stands in front of a statement without being one; version 999999 is how mariadb-dump writes to its own client. */
const leading = /^(?:\s+|#[^\n]*(?:\n|$)|--(?=[\s]|$)[^\n]*(?:\n|$)|\/\*(?!M?!)[\s\S]*?\*\/|\/\*M!999999[\s\S]*?\*\/)*/;

/** The space and comments in front of a statement, a character for each byte, so that its length is theirs. */
export const leadOf = (head: Buffer) => leading.exec(head.toString("latin1", 0, mostLead))?.[0] ?? "";
const mostLead = 64 * 1024;

const none = { name: null, table: null, drops: null, definer: null, notRows: 0 } as const;

/** Classifies a statement by its first bytes; some 64 KiB are enough for every statement that a dump tool writes. */
export function classify(head: string): Statement {
  const text = head.slice(leading.exec(head)?.[0].length ?? 0);
  if (text === "") return { kind: "blank", ...none };
  if (/^delimiter\s/i.test(text)) return { kind: "delimiter", ...none };
  const rows = insert.exec(text)?.groups;
  if (rows) return filled(unquote(rows.name ?? ""), rows.columns !== undefined);
  if (set.test(text)) return { kind: "set", ...none };
  const made = create.exec(text);
  if (made?.groups)
    return created(made.groups.kind ?? "", unquote(made.groups.name ?? ""), made.groups.options ?? "", text.slice(made[0].length));
  const gone = drop.exec(text)?.groups;
  if (gone)
    return {
      kind: "definition",
      ...none,
      name: gone.name ? unquote(gone.name) : null,
      drops: dropped[gone.what?.toUpperCase() ?? ""] ?? "procedure",
    };
  if (charset.test(text)) return { kind: "charset", ...none };
  if (foreign.test(text)) return { kind: "foreign", ...none };
  const table = onTable.exec(text)?.groups?.name;
  return { kind: "other", ...none, table: table === undefined ? null : unquote(table) };
}

const dropped: Readonly<Record<string, DefinitionKind>> = { VIEW: "view", TRIGGER: "trigger", FUNCTION: "function", EVENT: "event" };

const filled = (name: string, hasColumns: boolean): Statement => ({
  kind: "insert",
  ...none,
  name,
  table: name,
  notRows: hasColumns ? 1 : 0,
});

function created(word: string, name: string, options: string, rest: string): Statement {
  const definer = definerIn.exec(options)?.groups?.definer ?? null;
  const found = (kind: StatementKind, table: string | null = null): Statement => ({ kind, ...none, name, table, definer });
  switch (word.toUpperCase().split(/\s/)[0]) {
    case "TABLE":
    case "SEQUENCE":
      return found("table", name);
    // The dump tools make each view twice: first a bare stand-in, so that views may use each other in any order.
    case "VIEW":
      return found(/ALGORITHM|DEFINER/i.test(options) ? "view" : "placeholder");
    case "TRIGGER":
      return found("trigger", triggerTable(rest));
    case "FUNCTION":
      return found("function");
    case "EVENT":
      return found("event");
    default:
      return found("procedure");
  }
}

function triggerTable(rest: string): string | null {
  const name = ofTrigger.exec(rest)?.groups?.name;
  return name === undefined ? null : unquote(name);
}
