import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Connection as Session } from "mysql2/promise";
import type { Connection } from "../../server/domain/connection.ts";
import { runScriptText } from "../../server/engine/database/restricted-client.ts";
import { findTools } from "../../server/engine/database/tools.ts";

const quote = (name: string) => `\`${name.replaceAll("`", "``")}\``;

/** Fills a database with the schema that trips dump tools: see test/fixtures/nasty-schema.sql. */
export async function makeNasty(connection: Connection): Promise<void> {
  const text = await readFile(new URL("../fixtures/nasty-schema.sql", import.meta.url), "utf8");
  const script = Buffer.from(text.replaceAll("@DB@", quote(connection.database)));
  const signal = new AbortController().signal;
  await runScriptText({ connection, tools: await findTools(null), schema: connection.database, signal }, script);
}

/** Everything that a database is, in a form to compare: definitions as the server shows them, rows by hash whatever their order. */
export async function portrait(sql: Session, schema: string): Promise<Record<string, unknown>> {
  // Views are shown with the schema's name unless it is the one in use.
  await sql.query(`USE ${quote(schema)}`);
  const rows = async (text: string, values: unknown[] = []) =>
    (await sql.query({ sql: text, values, rowsAsArray: true, typeCast: false }))[0] as (Buffer | null)[][];
  const words = async (text: string) => (await rows(text, [schema])).map((row) => row.map(String));
  const show = async (kind: string, name: string) => {
    const [row] = (await sql.query(`SHOW CREATE ${kind} ${quote(schema)}.${quote(name)}`))[0] as Record<string, unknown>[];
    // The moment at which a trigger was made is no part of it.
    const { Created: _, ...shown } = row ?? {};
    return shown;
  };
  const all: Record<string, unknown> = {
    schema: await words("SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?"),
    triggerOrder: await words(
      "SELECT EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ? ORDER BY 1, 2, 3, 4",
    ),
  };
  for (const [name = "", type = ""] of await words("SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?")) {
    if (type === "VIEW") {
      all[`view ${name}`] = await show("VIEW", name);
      continue;
    }
    const hashes = (await rows(`SELECT * FROM ${quote(schema)}.${quote(name)}`)).map((row) => hashOf(row));
    // The checksum of a versioned table takes in the time at which each row was written.
    const checksum = type === "BASE TABLE" ? String((await rows(`CHECKSUM TABLE ${quote(schema)}.${quote(name)}`))[0]?.[1]) : null;
    all[`table ${name}`] = {
      definition: await show(type === "SEQUENCE" ? "SEQUENCE" : "TABLE", name),
      rows: hashes.length,
      content: hashOf(hashes.sort()),
      checksum,
    };
  }
  for (const [name = "", type = ""] of await words(
    "SELECT ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?",
  ))
    all[`${type} ${name}`] = await show(type, name);
  for (const [name = ""] of await words("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?"))
    all[`trigger ${name}`] = await show("TRIGGER", name);
  for (const [name = ""] of await words("SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?"))
    all[`event ${name}`] = await show("EVENT", name);
  return all;
}

function hashOf(values: readonly (Buffer | string | null)[]): string {
  const hash = createHash("sha256");
  for (const value of values) hash.update(value === null ? "N" : `${value.length}:`).update(value ?? "");
  return hash.digest("hex");
}

/** The schemas that restores, or this one, have beside their targets: on a shared server those of other tests are not its own. */
export async function leftovers(sql: Session, restoreId = ""): Promise<string[]> {
  const [rows] = await sql.query("SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE ?", [
    `\\_holdfast\\_%${restoreId.slice(0, 8)}`,
  ]);
  return (rows as { name: string }[]).map(({ name }) => name);
}
