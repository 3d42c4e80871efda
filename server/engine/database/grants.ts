import { unquote } from "./names.ts";

/** The privileges of one account, as its GRANT lines tell. */
export interface Grants {
  /** True when `privilege` holds for all of `database`, by a global or a database grant. */
  on(database: string, privilege: string): boolean;
  globally(privilege: string): boolean;
  /** The same as `on`, but only when a grant names it: ALL PRIVILEGES means fewer on older servers. */
  byName(database: string, privilege: string): boolean;
  /** The same for one table of a database. */
  onTable(database: string, table: string, privilege: string): boolean;
  /** The name or pattern that further privileges on `database` have to be granted on: a closer one would hide those that are there. */
  patternFor(database: string): string | null;
}

const line =
  /^(?<verb>GRANT|REVOKE) (?<privileges>.+?) ON (?<schema>`(?:[^`]|``)*`|"(?:[^"]|"")*"|\*|[^\s.`"]+)\.(?<table>`(?:[^`]|``)*`|"(?:[^"]|"")*"|\*|[^\s`"]+) (?:TO|FROM) (?<holder>\S+)/i;

interface Grant {
  readonly database: string;
  readonly table: string;
  /** The account or role. */
  readonly holder: string;
  readonly privileges: ReadonlySet<string>;
}

/** Reads the lines of SHOW GRANTS: MySQL's and MariaDB's, with roles spelled out by the server. */
export function parseGrants(lines: readonly string[]): Grants {
  const granted: Grant[] = [];
  const revoked: Grant[] = [];
  for (const text of lines) {
    const found = line.exec(text)?.groups;
    if (!found?.privileges || !found.schema || !found.table) continue;
    const grant = {
      database: unquote(found.schema),
      table: unquote(found.table),
      holder: found.holder ?? "",
      privileges: privilegesOf(found.privileges),
    };
    (found.verb?.toUpperCase() === "REVOKE" ? revoked : granted).push(grant);
  }
  const has = (grants: readonly Grant[], privilege: string) =>
    grants.some(({ privileges }) => privileges.has(privilege) || privileges.has("ALL PRIVILEGES"));
  const named = (grants: readonly Grant[], database: string) => grants.filter((grant) => grant.database === database);
  const wide = granted.filter(({ database, table }) => database !== "*" && table === "*");
  const globally = (privilege: string) => has(named(granted, "*"), privilege);
  const on = (database: string, privilege: string) =>
    globally(privilege) ? !has(named(revoked, database), privilege) : has(closest(wide, database), privilege);
  const onTable = (database: string, table: string, privilege: string) =>
    on(database, privilege) ||
    has(
      named(granted, database).filter((grant) => grant.table === table),
      privilege,
    );
  const byName = (database: string, privilege: string) =>
    [...named(granted, "*"), ...closest(wide, database)].some(({ privileges }) => privileges.has(privilege));
  return { on, globally, byName, onTable, patternFor: (database) => closest(wide, database)[0]?.database ?? null };
}

/** The words before ON; a privilege on some columns only is no privilege here. */
const privilegesOf = (text: string) =>
  new Set(text.split(/,(?![^(]*\))/).map((word) => word.trim().toUpperCase().replace(/^ALL$/, "ALL PRIVILEGES")));

/** Of the database grants that match, the server heeds the most exact alone, for the account and for each of its roles. */
function closest(grants: readonly Grant[], database: string): readonly Grant[] {
  const matching = grants.filter((grant) => likeMatches(grant.database, database));
  return matching.filter((grant) =>
    matching.every((other) => other.holder !== grant.holder || exactness(other.database) <= exactness(grant.database)),
  );
}

function exactness(pattern: string): number {
  const wild = /(?<!\\)[%_]/.exec(pattern);
  return wild ? wild.index : Number.POSITIVE_INFINITY;
}

/** A database name against a GRANT's pattern: `%` and `_` are wildcards, a backslash makes them plain. */
export function likeMatches(pattern: string, name: string): boolean {
  let source = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? "";
    if (character === "\\" && at + 1 < pattern.length) {
      at += 1;
      source += plain(pattern[at] ?? "");
    } else source += character === "%" ? ".*" : character === "_" ? "." : plain(character);
  }
  return new RegExp(`^${source}$`, "su").test(name);
}

const plain = (character: string) => character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
