import { unquote } from "./names.ts";

/** The privileges of one account, as its GRANT lines tell. */
export interface Grants {
  /** True when `privilege` holds for all of `database`, by a global or a database grant. */
  on(database: string, privilege: string): boolean;
  globally(privilege: string): boolean;
  /** The same for one table of a database. */
  onTable(database: string, table: string, privilege: string): boolean;
}

const line =
  /^(?<verb>GRANT|REVOKE) (?<privileges>.+?) ON (?<schema>`(?:[^`]|``)*`|"(?:[^"]|"")*"|\*|[^\s.`"]+)\.(?<table>`(?:[^`]|``)*`|"(?:[^"]|"")*"|\*|[^\s`"]+) (?:TO|FROM) /i;

interface Grant {
  readonly database: string;
  readonly table: string;
  readonly privileges: ReadonlySet<string>;
}

/** Reads the lines of SHOW GRANTS: MySQL's and MariaDB's, with roles spelled out by the server. */
export function parseGrants(lines: readonly string[]): Grants {
  const granted: Grant[] = [];
  const revoked: Grant[] = [];
  for (const text of lines) {
    const found = line.exec(text)?.groups;
    if (!found?.privileges || !found.schema || !found.table) continue;
    const grant = { database: unquote(found.schema), table: unquote(found.table), privileges: privilegesOf(found.privileges) };
    (found.verb?.toUpperCase() === "REVOKE" ? revoked : granted).push(grant);
  }
  const has = (grants: readonly Grant[], privilege: string) =>
    grants.some(({ privileges }) => privileges.has(privilege) || privileges.has("ALL PRIVILEGES"));
  const globally = (privilege: string) =>
    has(
      granted.filter((grant) => grant.database === "*"),
      privilege,
    );
  const on = (database: string, privilege: string) => {
    if (globally(privilege))
      return !has(
        revoked.filter((grant) => grant.database === database),
        privilege,
      );
    return has(
      closest(
        granted.filter((grant) => grant.table === "*"),
        database,
      ),
      privilege,
    );
  };
  const onTable = (database: string, table: string, privilege: string) =>
    on(database, privilege) ||
    has(
      granted.filter((grant) => grant.database === database && grant.table === table),
      privilege,
    );
  return { on, globally, onTable };
}

/** The words before ON; a privilege on some columns only is no privilege here. */
const privilegesOf = (text: string) =>
  new Set(text.split(/,(?![^(]*\))/).map((word) => word.trim().toUpperCase().replace(/^ALL$/, "ALL PRIVILEGES")));

/** Of the database grants that match, the server heeds the most exact alone, for each of the account and its roles. */
function closest(grants: readonly Grant[], database: string): readonly Grant[] {
  const exactness = (pattern: string) => {
    const wild = /(?<!\\)[%_]/.exec(pattern);
    return wild ? wild.index : Number.POSITIVE_INFINITY;
  };
  const matching = grants.filter((grant) => grant.database !== "*" && likeMatches(grant.database, database));
  const best = Math.max(...matching.map((grant) => exactness(grant.database)));
  return matching.filter((grant) => exactness(grant.database) === best);
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
