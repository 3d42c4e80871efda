import { type Refusal, refused } from "./sql-judgement.ts";
import { isPlain, SqlReading } from "./sql-reading.ts";
import type { SqlToken } from "./sql-tokens.ts";

/**
 * Follows the blocks of a routine's body: a client sends all up to the delimiter at once, and a server runs what stands
 * behind the body's end as statements of their own.
 */
export class SqlBody {
  readonly #reading: SqlReading;
  readonly #blocks: string[] = [];
  #cases = 0;
  /** IF, ELSEIF, CASE or WHEN waits for its THEN; WHILE or FOR for its DO; UNTIL for its END. */
  #waiting: "THEN" | "DO" | "END" | null = null;
  refusal: Refusal | null = null;

  constructor(tokens: readonly SqlToken[], from: number) {
    this.#reading = new SqlReading(tokens, from);
  }

  /** Where the body ends: the index of the token behind it. */
  end(): number {
    const reading = this.#reading;
    let start = true;
    while (!reading.ended) {
      if (isPlain(reading.peek(), ";")) {
        if (this.#blocks.length === 0) break;
        reading.next();
        this.#cases = 0;
        this.#waiting = null;
        start = true;
      } else start = start ? this.#statement() : this.#inside();
    }
    return reading.index;
  }

  /** At the beginning of a statement of the body; true when another one begins behind what was taken. */
  #statement(): boolean {
    const reading = this.#reading;
    const first = reading.peek();
    if (first && first.kind !== "sign" && isPlain(reading.peek(1), ":")) {
      reading.index += 2;
      return true;
    }
    this.refusal ??= forbidden(reading);
    reading.next();
    switch (first?.word) {
      case "BEGIN":
        if (reading.take("NOT", "ATOMIC")) return this.#open("BEGIN");
        return this.#open("BEGIN");
      case "LOOP":
      case "REPEAT":
        return this.#open(first.word);
      case "IF":
      case "CASE":
        this.#waiting = "THEN";
        this.#blocks.push(first.word);
        return false;
      case "ELSEIF":
      case "ELSIF":
      case "WHEN":
        this.#waiting = "THEN";
        return false;
      case "ELSE":
        return true;
      case "WHILE":
      case "FOR":
        this.#waiting = "DO";
        this.#blocks.push(first.word);
        return false;
      case "UNTIL":
        this.#waiting = "END";
        return false;
      case "DECLARE":
        return this.#declare();
      case "END":
        this.#close();
        return false;
      default:
        return false;
    }
  }

  #open(word: string): true {
    this.#blocks.push(word);
    return true;
  }

  #close(): void {
    this.#blocks.pop();
    this.#reading.takeAny("IF", "CASE", "WHILE", "LOOP", "REPEAT", "FOR");
  }

  /** DECLARE … HANDLER FOR its conditions, behind which a statement begins; any other DECLARE is nothing special. */
  #declare(): boolean {
    const reading = this.#reading;
    if (!reading.takeAny("CONTINUE", "EXIT", "UNDO") || !reading.take("HANDLER", "FOR")) return false;
    do {
      if (reading.take("NOT", "FOUND")) continue;
      if (reading.take("SQLSTATE")) reading.take("VALUE");
      reading.next();
    } while (reading.take(","));
    return true;
  }

  /** Within a statement of the body; true when what was taken leads to another one. */
  #inside(): boolean {
    const reading = this.#reading;
    const before = reading.peek(-1);
    const token = reading.next();
    // A column or a variable may have any name behind these.
    if (token?.kind !== "word" || isPlain(before, ".") || isPlain(before, "@")) return false;
    if (token.word === "CASE") this.#cases += 1;
    else if (this.#cases > 0) {
      if (token.word === "END") this.#cases -= 1;
    } else if (token.word === this.#waiting) {
      this.#waiting = null;
      if (token.word !== "END") return true;
      this.#close();
    }
    return false;
  }
}

const administration: readonly (readonly string[])[] = [
  ["GRANT"],
  ["REVOKE"],
  ["INSTALL"],
  ["UNINSTALL"],
  ["SHUTDOWN"],
  ["RESTART"],
  ["KILL"],
  ["LOAD"],
  ["USE"],
  ["FLUSH"],
  ["RESET"],
  ["PURGE"],
  ["CHANGE"],
  ["START", "SLAVE"],
  ["START", "REPLICA"],
  ["STOP"],
  ["BINLOG"],
  ["SET", "GLOBAL"],
  ["SET", "PERSIST"],
  ["SET", "PERSIST_ONLY"],
  ["SET", "PASSWORD"],
  ["SET", "DEFAULT", "ROLE"],
  ["SET", "@", "@", "GLOBAL"],
  ["SET", "@", "@", "PERSIST"],
  ...["CREATE", "ALTER", "DROP", "RENAME"].flatMap((verb) =>
    ["USER", "ROLE", "DATABASE", "SCHEMA", "SERVER", "TABLESPACE", "LOGFILE", "INSTANCE"].map((what) => [verb, what]),
  ),
];
const writing = new Set(["INSERT", "REPLACE", "UPDATE", "DELETE", "TRUNCATE", "DROP", "ALTER", "CREATE", "RENAME"]);
const systems = new Set(["MYSQL", "SYS", "PERFORMANCE_SCHEMA"]);

/** What no body that a database was backed up with should do to the server, whoever calls it. */
function forbidden(reading: SqlReading): Refusal | null {
  const first = reading.peek();
  const found = administration.find((words) => words.every((word, offset) => isPlain(reading.peek(offset), word)));
  if (found) return refused("SQL_NOT_ALLOWED", found.join(" ").replace("@ @ ", "@@"), first).refusal;
  if (!first || !writing.has(first.word)) return null;
  for (let offset = 1; ; offset += 1) {
    const token = reading.peek(offset);
    if (!token || isPlain(token, ";")) return null;
    if (token.kind !== "sign" && token.kind !== "string" && systems.has(token.text.toUpperCase()) && isPlain(reading.peek(offset + 1), "."))
      return refused("SQL_OTHER_DATABASE", `${first.word} in ${token.text}`, token).refusal;
  }
}
