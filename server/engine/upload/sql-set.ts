import { type Judgement, judged, refused } from "./sql-judgement.ts";
import { SqlReading } from "./sql-reading.ts";
import type { SqlToken } from "./sql-tokens.ts";

/** The user variables that hold an sql_mode, by their name in upper case. */
export type SavedModes = Map<string, string>;

/** Session variables that dump programs set, and that change nothing but how the dump is read. */
const allowed = new Set(
  `AUTOCOMMIT CHARACTER_SET_CLIENT CHARACTER_SET_CONNECTION CHARACTER_SET_RESULTS COLLATION_CONNECTION DEFAULT_COLLATION_FOR_UTF8MB4
  DEFAULT_STORAGE_ENGINE DEFAULT_TABLESPACE DEFAULT_TABLE_ACCESS_METHOD EXPLICIT_DEFAULTS_FOR_TIMESTAMP FOREIGN_KEY_CHECKS
  GROUP_CONCAT_MAX_LEN INFORMATION_SCHEMA_STATS_EXPIRY INNODB_STRICT_MODE NET_READ_TIMEOUT NET_WRITE_TIMEOUT NOTE_VERBOSITY
  SHOW_CREATE_TABLE_SKIP_SECONDARY_ENGINE SQL_AUTO_IS_NULL SQL_MODE SQL_NOTES SQL_QUOTE_SHOW_CREATE SQL_REQUIRE_PRIMARY_KEY
  SQL_SAFE_UPDATES SQL_WARNINGS STORAGE_ENGINE SYSTEM_VERSIONING_INSERT_HISTORY TIME_ZONE UNIQUE_CHECKS`.split(/\s+/),
);
/** About the old server's replication: left out. */
const replication = new Set(["GTID_PURGED", "SQL_LOG_BIN", "GTID_NEXT", "GTID_SLAVE_POS", "PSEUDO_REPLICA_MODE", "PSEUDO_SLAVE_MODE"]);
/** In these a byte of a letter can look like a backslash or a quote, so that two readers of the dump may see two dumps. */
const unreadable = /^(?:big5|gbk|gb18030|sjis|cp932|ucs2|utf16|utf16le|utf32)$/i;

/** Judges a SET statement, whose first word is taken. `mode` is the session's sql_mode in front of it. */
export function judgeSet(tokens: readonly SqlToken[], mode: string, saved: SavedModes): Judgement {
  const bad = tokens.find(({ text }) => unreadable.test(text));
  if (bad) return refused("SQL_NOT_ALLOWED", `The character set ${bad.text}`, bad);
  const reading = new SqlReading(tokens, 1);
  if (isReplication(tokens)) return judged("replication");
  let now: string | null = null;
  do {
    const first = reading.peek();
    if (reading.take("NAMES") || reading.take("CHARACTER", "SET") || reading.take("CHARSET")) {
      reading.next();
      if (reading.take("COLLATE")) reading.next();
      continue;
    }
    const target = readTarget(reading);
    if (!target || target.global)
      return refused("SQL_NOT_ALLOWED", target?.global ? `SET ${target.global} ${target.name}` : "This SET", first);
    if (!target.user && !allowed.has(target.name)) return refused("SQL_NOT_ALLOWED", `SET ${target.name}`, first);
    reading.take(":");
    if (!reading.take("=")) return refused("SQL_NOT_ALLOWED", "This SET", first);
    const value = readValue(reading);
    if (!value) return refused("SQL_NOT_ALLOWED", `SET ${target.name} to anything but a plain value`, first);
    if (target.user) {
      const kept = value.system === "SQL_MODE" ? (now ?? mode) : (value.literal ?? (value.user ? saved.get(value.user) : undefined));
      if (kept === undefined) saved.delete(target.name);
      else saved.set(target.name, kept);
    } else if (target.name === "SQL_MODE") {
      const wanted = value.literal ?? (value.user ? saved.get(value.user) : undefined);
      if (wanted === undefined || /^0*[1-9]/.test(wanted)) return refused("SQL_NOT_ALLOWED", "SET SQL_MODE to what is not known", first);
      now = wanted;
    }
  } while (reading.take(","));
  return reading.ended ? judged("set", { mode: now }) : refused("SQL_NOT_ALLOWED", "This SET", reading.peek());
}

function isReplication(tokens: readonly SqlToken[]): boolean {
  const reading = new SqlReading(tokens, 1);
  const target = readTarget(reading);
  if (target?.user) {
    // SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN
    reading.take(":");
    return reading.take("=") && replication.has(readValue(reading)?.system ?? "") && reading.ended;
  }
  if (!target || !replication.has(target.name)) return false;
  reading.take(":");
  if (!reading.take("=")) return false;
  // GTID_PURGED = /*!80000 '+'*/ 'uuid:1-5'
  while (reading.peek()?.kind === "string") reading.next();
  if (!reading.ended) readValue(reading);
  return reading.ended;
}

interface Target {
  readonly name: string;
  readonly user: boolean;
  readonly global: string | null;
}

function readTarget(reading: SqlReading): Target | null {
  if (reading.take("@", "@")) return readSystem(reading, reading.takeAny("GLOBAL", "PERSIST", "PERSIST_ONLY", "SESSION", "LOCAL"), true);
  if (reading.take("@")) {
    const token = reading.next();
    return token ? { name: token.text.toUpperCase(), user: true, global: null } : null;
  }
  return readSystem(reading, reading.takeAny("GLOBAL", "PERSIST", "PERSIST_ONLY", "SESSION", "LOCAL"), false);
}

function readSystem(reading: SqlReading, scope: string | null, dotted: boolean): Target | null {
  if (scope && dotted && !reading.take(".")) return null;
  const token = reading.next();
  if (!token || (token.kind !== "word" && token.kind !== "name")) return null;
  const wide = scope === "GLOBAL" || scope?.startsWith("PERSIST") ? scope : null;
  return { name: token.text.toUpperCase(), user: false, global: wide ?? null };
}

interface Value {
  readonly literal?: string;
  readonly user?: string;
  readonly system?: string;
}

/** A literal, a word, a variable, or IFNULL(variable, literal) as HeidiSQL writes it; null for anything else. */
function readValue(reading: SqlReading): Value | null {
  if (reading.take("IFNULL", "(")) {
    const value = readValue(reading);
    return reading.take(",") && readValue(reading) && reading.take(")") ? value : null;
  }
  if (reading.take("@", "@")) {
    if (reading.takeAny("GLOBAL", "SESSION", "LOCAL")) reading.take(".");
    const token = reading.next();
    return token ? { system: token.text.toUpperCase() } : null;
  }
  if (reading.take("@")) {
    const token = reading.next();
    return token ? { user: token.text.toUpperCase() } : null;
  }
  if (!reading.take("-")) reading.take("+");
  const token = reading.next();
  if (!token || token.kind === "sign" || token.kind === "name") return null;
  if (reading.take(".")) reading.next();
  return reading.peek()?.word === "(" ? null : { literal: token.text };
}
