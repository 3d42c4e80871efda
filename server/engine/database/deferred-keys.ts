/** The keys and foreign keys of a table as the server shows them, each as it stands behind ADD in an ALTER TABLE. */
export interface DeferredKeys {
  readonly keys: readonly Key[];
  readonly references: readonly ForeignKey[];
  /** It has an AUTO_INCREMENT column. */
  readonly counts: boolean;
}

export interface Key {
  readonly name: string;
  readonly definition: string;
  /** Those of a kind that can only be made one at a time. */
  readonly alone: boolean;
}

export interface ForeignKey {
  readonly name: string;
  readonly definition: string;
}

const name = "`(?:[^`]|``)+`";
const parts = `${name}(?:\\(\\d+\\))?(?: ASC| DESC)?`;
const keyLine = new RegExp(
  `^(?<kind>UNIQUE |FULLTEXT |SPATIAL )?KEY (?<name>${name}) \\(${parts}(?:,${parts})*\\)(?: USING (?:BTREE|HASH|RTREE))?(?: COMMENT '(?:[^'\\\\]|''|\\\\.)*')?$`,
);
const action = "(?:RESTRICT|CASCADE|SET NULL|NO ACTION|SET DEFAULT)";
const referenceLine = new RegExp(
  `^CONSTRAINT (?<name>${name}) FOREIGN KEY \\(${name}(?:, ?${name})*\\) REFERENCES (?:${name}\\.)?${name} \\(${name}(?:, ?${name})*\\)(?: ON (?:DELETE|UPDATE) ${action})*$`,
);
const columnLine = new RegExp(`^(?<name>${name}) `);
const primaryLine = new RegExp(`^PRIMARY KEY \\((?<first>${name})(?:\\(\\d+\\))?(?: ASC| DESC)?[,)]`);
const checkLine = new RegExp(`^CONSTRAINT ${name} CHECK \\(`);

/**
 * What of a table may be made after its rows, from the server's own SHOW CREATE TABLE; null where all of it has to be there
 * before: without a primary key, where a key serves AUTO_INCREMENT, and where a line is not of a form that is known. The
 * caller compares the table with what it was once all is back.
 */
export function deferredKeys(create: string): DeferredKeys | null {
  const lines = linesOf(create);
  const end = lines.findIndex((line) => line.startsWith(")"));
  if (
    !/^CREATE TABLE /.test(lines[0] ?? "") ||
    end < 0 ||
    !/\bENGINE=InnoDB\b/i.test(lines[end] ?? "") ||
    /SYSTEM VERSIONING/i.test(create)
  )
    return null;
  const keys: Key[] = [];
  const references: ForeignKey[] = [];
  let counted: string | undefined;
  let primary: string | undefined;
  for (const line of lines.slice(1, end)) {
    const [key, reference, column, first] = [keyLine, referenceLine, columnLine, primaryLine].map((form) => form.exec(line)?.groups);
    if (key?.name) keys.push({ name: key.name, definition: line, alone: key.kind === "FULLTEXT " || key.kind === "SPATIAL " });
    else if (reference?.name) references.push({ name: reference.name, definition: line });
    else if (first) primary = first.first;
    else if (column) counted = / AUTO_INCREMENT\b/.test(line) ? column.name : counted;
    else if (!checkLine.test(line)) return null;
  }
  if (primary === undefined || (counted !== undefined && counted !== primary)) return null;
  return { keys, references, counts: counted !== undefined };
}

const linesOf = (create: string) => create.split("\n").map((line) => line.replace(/^ {2}/, "").replace(/,$/, ""));

/** All foreign keys of a table, from its SHOW CREATE TABLE. */
export const referencesIn = (create: string): ForeignKey[] =>
  linesOf(create).flatMap((line) => {
    const found = referenceLine.exec(line)?.groups?.name;
    return found === undefined ? [] : [{ name: found, definition: line }];
  });

/** True where both show the same table, wherever their AUTO_INCREMENT stands. */
export const isSameTable = (create: string, other: string): boolean => portraitOf(create) === portraitOf(other);

const portraitOf = (create: string) => linesOf(create.replace(counter, "")).sort().join("\n");
const counter = /(?<=^\).*?) AUTO_INCREMENT=(\d+)/m;

/** Where its AUTO_INCREMENT stands; 0 where it shows none. */
export const counterOf = (create: string): number => Number(counter.exec(create)?.[1] ?? 0);
