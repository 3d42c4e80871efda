import { judgeCreate, judgeTable, qualifiersOf } from "./sql-definition.ts";
import { type Judgement, judged, type Refusal, refused } from "./sql-judgement.ts";
import { isPlain, SqlReading } from "./sql-reading.ts";
import { judgeSet, type SavedModes } from "./sql-set.ts";
import type { SqlMode, SqlToken, SqlTokens } from "./sql-tokens.ts";

/** The sql_mode that a dump is read under: set in front of its first statement. */
export const firstMode = "NO_AUTO_VALUE_ON_ZERO";

/** How quotes are read under an sql_mode. */
export const modeOf = (mode: string): SqlMode => ({
  backslashEscapes: !/NO_BACKSLASH_ESCAPES/i.test(mode),
  ansiQuotes: /ANSI|ORACLE|MSSQL|DB2|POSTGRESQL|MAXDB/i.test(mode),
});

/** What the statements before have set. */
export interface SqlSession {
  mode: string;
  readonly saved: SavedModes;
}

/**
 * Judges what stands between two delimiters: one statement or, where the delimiter is not the semicolon, several. Only what
 * dump tools write about the objects of one database is allowed; all else is refused by its name.
 */
export function judge({ tokens, hidden }: SqlTokens, bytes: Buffer, session: SqlSession): Judgement[] {
  const found =
    hidden >= 0
      ? ({ reason: "SQL_NOT_ALLOWED", what: "A quote that hides the end of a versioned comment", at: hidden } as const)
      : odd(tokens, bytes);
  if (found) return [judged("other", { refusal: found })];
  const judgements: Judgement[] = [];
  let rest = tokens;
  while (rest.length > 0) {
    const [judgement, end] = judgeFirst(rest, session);
    if (judgement.kind !== "blank") judgements.push(judgement);
    if (judgement.mode !== null) session.mode = judgement.mode;
    rest = rest.slice(Math.max(end, 1));
  }
  return judgements;
}

function judgeFirst(tokens: readonly SqlToken[], session: SqlSession): [Judgement, number] {
  if (isPlain(tokens[0], ";")) return [judged("blank"), 1];
  if (isPlain(tokens[0], "CREATE") && !isPlain(tokens[1], "DATABASE") && !isPlain(tokens[1], "SCHEMA")) {
    const { judgement, end } = judgeCreate(untilSemicolon(tokens, isRoutine(tokens)));
    return [judgement, end];
  }
  const own = untilSemicolon(tokens, false);
  return [judgeSimple(own, session), own.length];
}

/** A routine's semicolons are its body's. */
const untilSemicolon = (tokens: readonly SqlToken[], routine: boolean) => {
  const end = routine ? -1 : tokens.findIndex((token) => isPlain(token, ";"));
  return end < 0 ? tokens : tokens.slice(0, end);
};

function isRoutine(tokens: readonly SqlToken[]): boolean {
  const kind = tokens.find(({ word }) => objects.has(word));
  return kind !== undefined && bodies.has(kind.word);
}
const bodies = new Set(["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"]);
const objects = new Set([...bodies, "TABLE", "VIEW", "SEQUENCE", "INDEX"]);

function judgeSimple(tokens: readonly SqlToken[], session: SqlSession): Judgement {
  const reading = new SqlReading(tokens);
  const first = reading.next();
  switch (first?.word) {
    case "SET":
      return judgeSet(tokens, session.mode, session.saved);
    case "INSERT":
    case "REPLACE":
      return judgeInsert(reading);
    case "DROP":
      return judgeDrop(reading);
    case "ALTER":
      return judgeAlter(reading);
    case "CREATE":
      reading.next();
      reading.take("IF", "NOT", "EXISTS");
      return judged("makeDatabase", { database: reading.name()?.name ?? "" });
    case "USE":
      return judged("use", { database: reading.name()?.name ?? "" });
    case "LOCK":
    case "UNLOCK":
      return judgeLock(reading, first);
    case "TRUNCATE":
      reading.take("TABLE");
      return simple(reading, first);
    case "START":
    case "BEGIN":
    case "COMMIT":
      if (first.word === "START" ? reading.take("TRANSACTION") : true) reading.takeAny("WORK");
      return reading.ended ? judged("other") : refusedAs(first);
    case "DO":
    case "SELECT":
      return isSetval(reading) ? judged("other") : refusedAs(first);
    case "CHANGE":
      return reading.takeAny("MASTER", "REPLICATION") ? judged("replication") : refusedAs(first);
    default:
      return refusedAs(first);
  }
}

/** INSERT INTO name [(columns)] VALUES; what follows passes by in pieces. */
function judgeInsert(reading: SqlReading): Judgement {
  const first = reading.peek(-1);
  while (reading.takeAny("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"));
  reading.take("INTO");
  const name = reading.name();
  if (reading.take("PARTITION") || reading.peek()?.word === "(") while (!reading.ended && reading.next()?.word !== ")");
  if (!name || !reading.takeAny("VALUES", "VALUE") || !reading.ended)
    return refused("SQL_NOT_ALLOWED", `${first?.word} of anything but rows`, first);
  return judged("rows", { name: name.name, qualifiers: qualifiersOf(name) });
}

function judgeDrop(reading: SqlReading): Judgement {
  reading.take("TEMPORARY");
  const kind = reading.next();
  if (kind?.word === "PACKAGE") reading.take("BODY");
  if (reading.take("IF", "EXISTS") && (kind?.word === "DATABASE" || kind?.word === "SCHEMA"))
    return judged("dropDatabase", { database: reading.name()?.name ?? "" });
  if (!["TABLE", "SEQUENCE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"].includes(kind?.word ?? ""))
    return kind?.word === "DATABASE" || kind?.word === "SCHEMA"
      ? judged("dropDatabase", { database: reading.name()?.name ?? "" })
      : refused("SQL_NOT_ALLOWED", `DROP ${kind?.text ?? ""}`.trim(), kind);
  const names = [reading.name()];
  while (reading.take(",")) names.push(reading.name());
  const qualifiers = names.flatMap(qualifiersOf);
  if (kind?.word !== "TABLE" || names.length > 1) return judged("dropDefinition", { qualifiers });
  return judged("dropTable", { name: names[0]?.name ?? null, qualifiers });
}

function judgeAlter(reading: SqlReading): Judgement {
  const kind = reading.next();
  if (kind?.word === "DATABASE" || kind?.word === "SCHEMA") {
    const named = reading.peek();
    const database = ["CHARACTER", "COLLATE", "DEFAULT", "CHARSET"].includes(named?.word ?? "") ? null : (reading.name()?.name ?? null);
    reading.take("DEFAULT");
    if (!["CHARACTER", "COLLATE", "CHARSET"].includes(reading.peek()?.word ?? ""))
      return refused("SQL_NOT_ALLOWED", "ALTER DATABASE", kind);
    return judged("other", { database });
  }
  if (kind?.word !== "TABLE" && kind?.word !== "SEQUENCE") return refused("SQL_NOT_ALLOWED", `ALTER ${kind?.text ?? ""}`.trim(), kind);
  const name = reading.name();
  const { qualifiers, refusal } = judgeTable(reading.tokens, reading.index, true);
  return judged("alter", { name: name?.name ?? null, refusal, qualifiers: [...qualifiersOf(name), ...qualifiers] });
}

function judgeLock(reading: SqlReading, first: SqlToken): Judgement {
  if (!reading.takeAny("TABLES", "TABLE")) return refusedAs(first);
  const qualifiers: Judgement["qualifiers"][number][] = [];
  while (!reading.ended) {
    const name = reading.name();
    if (name) qualifiers.push(...qualifiersOf(name));
    else reading.next();
  }
  return judged("other", { qualifiers });
}

function simple(reading: SqlReading, first: SqlToken): Judgement {
  const name = reading.name();
  return name && reading.ended ? judged("other", { qualifiers: qualifiersOf(name) }) : refusedAs(first);
}

/** SETVAL(sequence, next, used) is how a sequence's place is dumped. */
function isSetval(reading: SqlReading): boolean {
  if (!reading.take("SETVAL", "(") || !reading.name()) return false;
  while (reading.take(",")) {
    reading.take("-");
    if (reading.next()?.kind !== "word") return false;
  }
  return reading.take(")") && reading.ended;
}

/** The client program's own commands. `\!` and its like are found by their backslash. */
const clientCommands = new Set(
  `CHARSET CLEAR CONNECT DELIMITER EDIT EGO EXIT GO HELP NOPAGER NOTEE NOWARNING PAGER PRINT PROMPT QUERY_ATTRIBUTES QUIT REHASH
  RESETCONNECTION SANDBOX SOURCE SSL_SESSION_DATA_PRINT STATUS SYSTEM TEE WARNINGS COSTS`.split(/\s+/),
);

function refusedAs(first: SqlToken | undefined): Judgement {
  const command = clientCommands.has(first?.word ?? "");
  return refused(command ? "SQL_CLIENT_COMMAND" : "SQL_NOT_ALLOWED", first?.word || JSON.stringify(first?.text ?? ""), first);
}

/** What no statement may hold outside of literals and comments. */
function odd(tokens: readonly SqlToken[], bytes: Buffer): Refusal | null {
  for (const [index, token] of tokens.entries()) {
    const { word, at } = token;
    if (word === "\\") return { reason: "SQL_CLIENT_COMMAND", what: `\\${String.fromCharCode(bytes[at + 1] ?? 0x20).trim()}`, at };
    if (word === "\0") return { reason: "SQL_NOT_ALLOWED", what: "A NUL byte outside of a literal", at };
    // The client looks for this word anywhere, even as the end of another.
    if (word.endsWith("DELIMITER") && index > 0 && (bytes[token.end] ?? 0) === 0x20)
      return { reason: "SQL_CLIENT_COMMAND", what: "DELIMITER within a statement", at };
    const next = tokens[index + 1];
    if (word === "INTO" && (isPlain(next, "OUTFILE") || isPlain(next, "DUMPFILE")))
      return { reason: "SQL_NOT_ALLOWED", what: `INTO ${next?.word}`, at };
    if (isPlain(next, "(") && dangerous.has(token.text.toUpperCase()) && token.kind !== "string")
      return { reason: "SQL_NOT_ALLOWED", what: token.text.toUpperCase(), at };
  }
  return null;
}
const dangerous = new Set(["LOAD_FILE", "SYS_EXEC", "SYS_EVAL"]);

const values = new Set(
  `CAST CONVERT DATE TIME TIMESTAMP CURRENT_TIMESTAMP NOW UNHEX HEX FROM_BASE64 COMPRESS UNCOMPRESS UUID_TO_BIN JSON_ARRAY JSON_OBJECT
  JSON_COMPACT INET6_ATON INET_ATON POINT LINESTRING POLYGON MULTIPOINT MULTILINESTRING MULTIPOLYGON GEOMETRYCOLLECTION VALUES VALUE
  FROM_UNIXTIME STR_TO_DATE CONCAT CHAR BINARY COLUMN_CREATE VEC_FROMTEXT STRING_TO_VECTOR UTF8MB4 DECIMAL REPLACE`.split(/\s+/),
);
const spatial = /^(?:ST_)?(?:GEOM|POINT|LINE|POLY|M(?:POINT|LINE|POLY)|MULTI)[A-Z]*(?:FROM(?:TEXT|WKB|GEOJSON|GEOHASH))?$/;
const queries = new Set(["SELECT", "INTO", "FROM", "UNION", "WITH", "OUTFILE", "DUMPFILE", "TABLE"]);

/** Judges a word among rows; null when it is one that rows have. */
export function judgeRowsWord(word: string, called: boolean): Pick<Refusal, "reason" | "what"> | null {
  const upper = word.toUpperCase();
  if (queries.has(upper)) return { reason: "SQL_NOT_ALLOWED", what: `${upper} among rows` };
  if (upper.endsWith("DELIMITER")) return { reason: "SQL_CLIENT_COMMAND", what: "DELIMITER within a statement" };
  if (called && !values.has(upper) && !spatial.test(upper)) return { reason: "SQL_NOT_ALLOWED", what: `${upper} among rows` };
  return null;
}
