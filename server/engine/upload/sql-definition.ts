import { SqlBody } from "./sql-body.ts";
import { type Judgement, judged, type Refusal, refused } from "./sql-judgement.ts";
import { isPlain, type QualifiedName, type Span, SqlReading } from "./sql-reading.ts";
import type { SqlToken } from "./sql-tokens.ts";

/** Engines whose tables are somewhere else: on another server, or in a file of any place. */
const foreignEngines = new Set([
  "FEDERATED",
  "FEDERATEDX",
  "CONNECT",
  "SPIDER",
  "MRG_MYISAM",
  "MERGE",
  "S3",
  "OQGRAPH",
  "NDB",
  "NDBCLUSTER",
]);

/** Judges a CREATE statement and says where it ends: what stands behind a routine's body is a statement of its own. */
export function judgeCreate(tokens: readonly SqlToken[]): { readonly judgement: Judgement; readonly end: number } {
  const reading = new SqlReading(tokens, 1);
  let definer: Judgement["definer"] = null;
  let index = false;
  for (;;) {
    const first = reading.peek();
    if (reading.take("OR", "REPLACE") || reading.takeAny("AGGREGATE", "TEMPORARY")) continue;
    if (reading.takeAny("UNIQUE", "FULLTEXT", "SPATIAL")) index = true;
    else if (reading.take("ALGORITHM", "=") || reading.take("SQL", "SECURITY")) reading.next();
    else if (reading.take("DEFINER", "=")) {
      const account = readAccount(reading);
      if (!first || !account) return whole(tokens, refused("SQL_NOT_ALLOWED", "This DEFINER", first));
      definer = { at: first.at, end: reading.peek(-1)?.end ?? first.end, account };
    } else break;
  }
  const word = reading.next();
  if (index && word?.word !== "INDEX") return whole(tokens, refused("SQL_NOT_ALLOWED", "This CREATE", word));
  return judgeObject(reading, word, definer);
}

function judgeObject(reading: SqlReading, word: SqlToken | undefined, definer: Judgement["definer"]) {
  const { tokens } = reading;
  if (word?.word === "PACKAGE") reading.take("BODY");
  if (!reading.take("IF", "NOT", "EXISTS")) reading.take("IF", "EXISTS");
  const name = reading.name();
  const rest = { name: name?.name ?? null, definer, qualifiers: qualifiersOf(name) };
  if (!name) return whole(tokens, refused("SQL_NOT_ALLOWED", `CREATE ${word?.text ?? ""}`.trim(), word));
  switch (word?.word) {
    case "TABLE": {
      const like = reading.peek()?.word === "LIKE" || (reading.peek()?.word === "(" && reading.peek(1)?.word === "LIKE");
      if (like) return whole(tokens, refused("SQL_NOT_ALLOWED", "CREATE TABLE … LIKE", word));
      const { engine, qualifiers, refusal } = judgeTable(tokens, reading.index, false);
      return whole(tokens, judged("table", { ...rest, engine, refusal, qualifiers: [...rest.qualifiers, ...qualifiers] }));
    }
    case "INDEX": {
      const on = reading.take("ON") ? reading.name() : null;
      return whole(tokens, judged("alter", { ...rest, name: null, qualifiers: qualifiersOf(on) }));
    }
    case "SEQUENCE":
      return whole(tokens, judged("sequence", rest));
    case "VIEW":
      return whole(tokens, judged("view", rest));
    case "TRIGGER":
      return judgeTrigger(reading, rest);
    case "PROCEDURE":
    case "FUNCTION":
      return judgeRoutine(reading, word.word === "PROCEDURE" ? "procedure" : "function", rest);
    case "EVENT":
      return judgeEvent(reading, rest);
    case "PACKAGE": {
      const found = new SqlBody(tokens, reading.index);
      found.end();
      return { judgement: judged("package", { ...rest, refusal: found.refusal }), end: tokens.length };
    }
    default:
      return whole(tokens, refused("SQL_NOT_ALLOWED", `CREATE ${word?.text ?? ""}`.trim(), word));
  }
}

type Rest = Pick<Judgement, "name" | "definer" | "qualifiers">;

function judgeTrigger(reading: SqlReading, rest: Rest) {
  while (!reading.ended && !reading.take("ON")) reading.next();
  const table = reading.name();
  reading.take("FOR", "EACH", "ROW");
  if (reading.takeAny("FOLLOWS", "PRECEDES")) reading.name();
  return withBody(reading, judged("trigger", { ...rest, qualifiers: [...rest.qualifiers, ...qualifiersOf(table)] }));
}

function judgeRoutine(reading: SqlReading, kind: "procedure" | "function", rest: Rest) {
  const { tokens } = reading;
  const soname = tokens.find((token) => isPlain(token, "SONAME"));
  if (soname) return whole(tokens, refused("SQL_NOT_ALLOWED", "CREATE FUNCTION … SONAME", soname));
  skipParentheses(reading);
  if (reading.take("RETURNS")) skipType(reading);
  for (;;) {
    if (reading.take("COMMENT") || reading.take("LANGUAGE")) reading.next();
    else if (reading.take("SQL", "SECURITY")) reading.next();
    else if (reading.take("MODIFIES", "SQL", "DATA") || reading.take("READS", "SQL", "DATA")) continue;
    else if (reading.take("CONTAINS", "SQL") || reading.take("NO", "SQL") || reading.take("NOT", "DETERMINISTIC")) continue;
    else if (!reading.takeAny("DETERMINISTIC", "AS", "IS")) break;
  }
  return withBody(reading, judged(kind, rest));
}

function judgeEvent(reading: SqlReading, rest: Rest) {
  let enable: Span | null = null;
  let comment: SqlToken | null = null;
  for (let token = reading.peek(); token && token.word !== "DO"; token = reading.peek()) {
    if (token.word === "ENABLE" || token.word === "DISABLE") enable = { at: token.at, end: token.end };
    else if (token.word === "COMMENT") comment ??= token;
    reading.next();
  }
  const place = comment ?? reading.peek();
  const at = place?.at ?? 0;
  reading.take("DO");
  return withBody(reading, judged("event", { ...rest, enable: enable ?? { at, end: at } }));
}

function withBody(reading: SqlReading, judgement: Judgement) {
  const body = new SqlBody(reading.tokens, reading.index);
  const end = body.end();
  return { judgement: { ...judgement, refusal: body.refusal }, end };
}

/** What a table's columns, keys and options may not do; also of ALTER TABLE. */
export function judgeTable(
  tokens: readonly SqlToken[],
  from: number,
  alters: boolean,
): { engine: string | null; refusal: Refusal | null; qualifiers: Judgement["qualifiers"] } {
  const reading = new SqlReading(tokens, from);
  const qualifiers: Judgement["qualifiers"][number][] = [];
  const fail = (what: string, token: SqlToken | undefined, reason: Refusal["reason"] = "SQL_NOT_ALLOWED") => ({
    engine: null,
    refusal: { reason, what, at: token?.at ?? 0 },
    qualifiers,
  });
  let engine: string | null = null;
  while (!reading.ended) {
    const token = reading.peek();
    if (reading.take("DATA", "DIRECTORY") || reading.take("INDEX", "DIRECTORY")) return fail(`${token?.word} DIRECTORY`, token);
    if (reading.take("CONNECTION", "=")) return fail("CONNECTION", token);
    if (reading.take("TABLESPACE")) {
      reading.take("=");
      // What an unmoved table says of itself.
      if (!/^innodb_/i.test(reading.peek()?.text ?? "")) return fail("TABLESPACE", token);
    } else if (reading.takeAny("ENGINE")) {
      reading.take("=");
      const value = reading.next();
      engine = value?.text ?? null;
      if (value && foreignEngines.has(value.text.toUpperCase())) return fail(`ENGINE=${value.text}`, value);
    } else if (reading.takeAny("SELECT", "UNION", "TABLE")) {
      return fail(`${token?.word} in a table's definition`, token);
    } else if (alters && reading.takeAny("RENAME", "DISCARD", "IMPORT", "EXCHANGE")) {
      if (token?.word !== "RENAME" || !reading.takeAny("INDEX", "KEY", "COLUMN")) return fail(`ALTER TABLE … ${token?.word}`, token);
    } else if (reading.take("REFERENCES")) {
      qualifiers.push(...qualifiersOf(reading.name()));
    } else reading.next();
  }
  return { engine, refusal: null, qualifiers };
}

export const qualifiersOf = (name: QualifiedName | null): Judgement["qualifiers"] =>
  name?.qualifier && name.schema !== null ? [{ ...name.qualifier, schema: name.schema }] : [];

/** The account as it stands there; null when there is none. */
function readAccount(reading: SqlReading): string | null {
  const user = reading.next();
  if (!user || user.kind === "sign") return null;
  if (user.word.startsWith("CURRENT_")) {
    if (reading.take("(")) reading.take(")");
    return "CURRENT_USER";
  }
  if (!reading.take("@")) return user.text;
  return `${user.text}@${reading.next()?.text ?? ""}`;
}

function skipParentheses(reading: SqlReading): void {
  if (!reading.take("(")) return;
  for (let depth = 1; depth > 0 && !reading.ended; ) {
    const token = reading.next();
    if (isPlain(token, "(")) depth += 1;
    else if (isPlain(token, ")")) depth -= 1;
  }
}

/** A type, such as VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin, or DECIMAL(10,2) UNSIGNED. */
function skipType(reading: SqlReading): void {
  reading.next();
  for (;;) {
    if (isPlain(reading.peek(), "(")) skipParentheses(reading);
    else if (reading.take("CHARACTER", "SET") || reading.take("CHARSET") || reading.take("COLLATE")) reading.next();
    else if (!reading.takeAny("UNSIGNED", "SIGNED", "ZEROFILL", "BINARY", "PRECISION", "VARYING")) return;
  }
}

const whole = (tokens: readonly SqlToken[], judgement: Judgement) => ({ judgement, end: tokens.length });
