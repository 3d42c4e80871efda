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

export interface Statement {
  readonly kind: StatementKind;
  /** The table, view, trigger, routine or event; null where there is none. */
  readonly name: string | null;
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
const drop = pattern(`DROP\\s+(?:VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE)\\b`);
const set = pattern(`SET\\b`);
const charset = pattern(`ALTER\\s+DATABASE\\b`);
const foreign = pattern(`(?:USE|(?:CREATE|DROP)${space}(?:DATABASE|SCHEMA))\\b`);

/** What stands in front of a statement without being one; version 999999 is how mariadb-dump writes to its own client. */
const leading = /^(?:\s+|#[^\n]*(?:\n|$)|--(?=[\s]|$)[^\n]*(?:\n|$)|\/\*(?!M?!)[\s\S]*?\*\/|\/\*M!999999[\s\S]*?\*\/)*/;

const none = { name: null, definer: null, notRows: 0 } as const;

/** Classifies a statement by its first bytes; some 64 KiB are enough for every statement that a dump tool writes. */
export function classify(head: string): Statement {
  const text = head.slice(leading.exec(head)?.[0].length ?? 0);
  if (text === "") return { kind: "blank", ...none };
  if (/^delimiter\s/i.test(text)) return { kind: "delimiter", ...none };
  const rows = insert.exec(text)?.groups;
  if (rows) return { kind: "insert", name: unquote(rows.name ?? ""), definer: null, notRows: rows.columns ? 1 : 0 };
  if (set.test(text)) return { kind: "set", ...none };
  const made = create.exec(text)?.groups;
  if (made) return created(made.kind ?? "", unquote(made.name ?? ""), made.options ?? "");
  if (drop.test(text)) return { kind: "definition", ...none };
  if (charset.test(text)) return { kind: "charset", ...none };
  return { kind: foreign.test(text) ? "foreign" : "other", ...none };
}

function created(word: string, name: string, options: string): Statement {
  const definer = definerIn.exec(options)?.groups?.definer ?? null;
  const found = (kind: StatementKind): Statement => ({ kind, name, definer, notRows: 0 });
  switch (word.toUpperCase().split(/\s/)[0]) {
    case "TABLE":
    case "SEQUENCE":
      return found("table");
    // The dump tools make each view twice: first a bare stand-in, so that views may use each other in any order.
    case "VIEW":
      return found(/ALGORITHM|DEFINER/i.test(options) ? "view" : "placeholder");
    case "TRIGGER":
      return found("trigger");
    case "FUNCTION":
      return found("function");
    case "EVENT":
      return found("event");
    default:
      return found("procedure");
  }
}
