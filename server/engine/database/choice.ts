import type { RestoreMode } from "../../../shared/enums.ts";
import { Failure } from "../../domain/errors.ts";
import type { DatabaseSummary, TableSummary } from "../../domain/manifest.ts";
import type { Session } from "./client.ts";
import { type PresentDefinition, presentDefinitions, tableNames } from "./schema-change.ts";
import { type Definition, type DefinitionName, keyOf } from "./scripts.ts";

/** How much of a backup a restore brings, and what becomes of what the target has. */
export interface Wish {
  readonly mode: RestoreMode;
  /** Only these tables and their triggers; null for all, with the views, routines and events. */
  readonly tables: readonly string[] | null;
}

/** What a database holds at the moment. */
export interface Present {
  readonly tables: readonly string[];
  readonly definitions: readonly PresentDefinition[];
}

export const presentIn = async (session: Session, schema: string): Promise<Present> => ({
  tables: await tableNames(session, schema),
  definitions: await presentDefinitions(session, schema),
});

/** The database ends exactly as the backup: nothing of it stays. */
export const isWhole = ({ mode, tables }: Wish): boolean => mode === "REPLACE" && tables === null;

/** The tables of the backup that come: with PRESERVE only those whose name is free. */
export function incomingTables(held: DatabaseSummary, { mode, tables }: Wish, { tables: here, definitions }: Present): string[] {
  const taken = new Set([...here, ...definitions.filter(({ kind }) => kind === "view").map(({ name }) => name)]);
  return (tables ?? held.tables.map(({ name }) => name)).filter((name) => mode !== "PRESERVE" || !taken.has(name));
}

/**
 * The definitions of the backup that come: all, or the triggers of single tables. With PRESERVE those whose name is free,
 * and no trigger of a table that was there.
 */
export function incomingDefinitions(
  made: readonly Definition[],
  wish: Wish,
  incoming: readonly string[],
  { tables, definitions }: Present,
): Definition[] {
  const taken = new Set([...definitions.map(keyOf), ...tables.map((name) => keyOf({ kind: "view", name }))]);
  return made.filter((definition) => {
    const { kind, table } = definition;
    if (wish.mode === "PRESERVE" && taken.has(keyOf(definition))) return false;
    if (kind === "trigger") return (wish.mode !== "PRESERVE" && !wish.tables) || (table !== null && incoming.includes(table));
    return !wish.tables;
  });
}

/** What comes of a backup. */
export interface ComingParts {
  readonly incoming: readonly string[];
  readonly makes: readonly Definition[];
}

/** The tables of the target that go: their name is needed, or nothing may stay. */
export function outgoingTables(wish: Wish, { incoming, makes }: ComingParts, { tables }: Present): string[] {
  const needed = new Set([...incoming, ...makes.filter(({ kind }) => kind === "view").map(({ name }) => name)]);
  return isWhole(wish) ? [...tables] : tables.filter((name) => needed.has(name));
}

/**
 * The definitions of the target that go: all, or the triggers of tables that go, views in the place of a table that comes,
 * and those whose name is needed. CONFLICT where a trigger of a table that stays has the name of one that comes with a single table.
 */
export function outgoingDefinitions(
  wish: Wish,
  { incoming, makes }: ComingParts,
  outgoing: readonly string[],
  { definitions }: Present,
): PresentDefinition[] {
  if (isWhole(wish)) return [...definitions];
  const needed = new Set(makes.map(keyOf));
  return definitions.filter((definition) => {
    if (definition.kind === "trigger" && definition.table !== null && outgoing.includes(definition.table)) return true;
    if (definition.kind === "view" && incoming.includes(definition.name)) return true;
    if (!needed.has(keyOf(definition))) return false;
    if (wish.tables)
      throw new Failure(
        "CONFLICT",
        `The trigger ${definition.name} of the backup cannot be made: the table ${definition.table}, which stays, has one of that name.`,
        `Restore ${definition.table} with it, or rename that trigger.`,
        { reason: "NAME_TAKEN" },
      );
    return true;
  });
}

/** True for the same kind and name as one of `definitions`. */
export function isOneOf(definitions: readonly DefinitionName[]): (definition: DefinitionName) => boolean {
  const keys = new Set(definitions.map(keyOf));
  return (definition) => keys.has(keyOf(definition));
}

/** What a restore of the database brought. */
export interface Brought {
  readonly tables: number;
  readonly rows: number;
  readonly definitions: DatabaseSummary["definitions"];
}

export function broughtBy(tables: readonly TableSummary[], makes: readonly DefinitionName[]): Brought {
  const of = (kind: DefinitionName["kind"]) => new Set(makes.filter((made) => made.kind === kind).map(keyOf)).size;
  return {
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    definitions: {
      views: of("view"),
      triggers: of("trigger"),
      procedures: of("procedure"),
      functions: of("function"),
      events: of("event"),
    },
  };
}

/** The backup's tables of these names. */
export const tablesOf = ({ tables }: DatabaseSummary, names: readonly string[]) => tables.filter(({ name }) => names.includes(name));
