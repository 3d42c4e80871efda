import { isAbsolute, resolve } from "node:path";
import { limits } from "../../shared/limits.ts";
import type { Connection } from "../domain/connection.ts";
import { badInput } from "../domain/errors.ts";
import { checkSourceOptions, type SourceOptions, type SourceOptionsRequest } from "./source-options.ts";

/** A source as a client describes it. */
export interface SourceRequest extends SourceOptionsRequest {
  readonly name: string;
  readonly database?: {
    readonly host?: string | null;
    readonly port?: number | null;
    readonly user: string;
    readonly password?: string | null;
    readonly database: string;
    readonly socketPath?: string | null;
    readonly tls?: boolean | null;
  } | null;
  readonly mediaPaths?: readonly string[] | null;
  readonly excludePatterns?: readonly string[] | null;
  /** Null: as the settings say; 0: no target. Left out: as it was. */
  readonly targetBackupAgeHours?: number | null;
  readonly targetProofAgeHours?: number | null;
}

/** The same, complete and plausible. A null password means: the one that is stored. */
export interface CheckedSource {
  readonly name: string;
  readonly database: (Omit<Connection, "password"> & { readonly password: string | null }) | null;
  readonly mediaPaths: readonly string[];
  readonly excludePatterns: readonly string[];
  readonly targetBackupAgeHours: number | null | undefined;
  readonly targetProofAgeHours: number | null | undefined;
  readonly options: SourceOptions;
}

const systemSchemas = new Set(["mysql", "information_schema", "performance_schema", "sys"]);

/** Refuses with BAD_USER_INPUT, naming the field, what can never work. */
export function checkSourceRequest(request: SourceRequest): CheckedSource {
  const name = request.name.trim();
  if (!name || name.length > limits.nameLength) throw badInput(`A source's name has 1 to ${limits.nameLength} characters.`);
  const mediaPaths = (request.mediaPaths ?? []).map(checkedPath);
  if (mediaPaths.length > limits.mediaPaths) throw badInput(`A source has at most ${limits.mediaPaths} media folders.`);
  for (const path of mediaPaths)
    for (const other of mediaPaths)
      if (path !== other && `${other}/`.startsWith(`${path}/`))
        throw badInput(`The media folder ${other} lies inside ${path}, which already covers it.`, "Leave the inner one out.");
  if (new Set(mediaPaths).size < mediaPaths.length) throw badInput("A media folder is named twice.");
  const excludePatterns = (request.excludePatterns ?? []).map((pattern) => pattern.trim()).filter(Boolean);
  if (excludePatterns.length > limits.excludePatterns) throw badInput(`A source has at most ${limits.excludePatterns} exclude patterns.`);
  const database = request.database ? checkedDatabase(request.database) : null;
  if (!database && mediaPaths.length === 0) throw badInput("A source needs a database, a media folder, or both.");
  return {
    name,
    database,
    mediaPaths,
    excludePatterns,
    targetBackupAgeHours: checkedTarget(request.targetBackupAgeHours),
    targetProofAgeHours: checkedTarget(request.targetProofAgeHours),
    options: checkSourceOptions(request),
  };
}

function checkedTarget(hours: number | null | undefined): number | null | undefined {
  if (typeof hours === "number" && !(Number.isInteger(hours) && hours >= 0 && hours <= limits.targetHours))
    throw badInput(
      `A source's target is a whole number of hours from 0 to ${limits.targetHours}.`,
      "0 sets no target; null takes the one of the settings.",
    );
  return hours;
}

function checkedPath(path: string): string {
  if (!isAbsolute(path) || path.includes("\0"))
    throw badInput(`A media folder is an absolute path; ${JSON.stringify(path)} is not.`, "For example /var/www/shop/media.");
  if (resolve(path) === "/") throw badInput("The root folder cannot be a media folder.", "Name the folder that holds the uploads.");
  return resolve(path);
}

function checkedDatabase(input: NonNullable<SourceRequest["database"]>): CheckedSource["database"] {
  const database = {
    host: input.host?.trim() || "127.0.0.1",
    port: input.port ?? 3306,
    user: input.user,
    password: input.password ?? null,
    database: input.database,
    socketPath: input.socketPath?.trim() || null,
    tls: input.tls ?? false,
  };
  for (const [field, value] of Object.entries(database))
    if (typeof value === "string" && /[\r\n\0]/.test(value)) throw badInput(`The database's ${field} cannot hold a line break or a NUL.`);
  if (!Number.isInteger(database.port) || database.port < 1 || database.port > 65535)
    throw badInput("A port is a whole number from 1 to 65535.");
  if (!database.user) throw badInput("Name the database user.");
  if (!database.database || [...database.database].length > 64) throw badInput("A database's name has 1 to 64 characters.");
  if (systemSchemas.has(database.database.toLowerCase()))
    throw badInput(`${database.database} is the server's own database.`, "Name the application's database.");
  if (database.socketPath && !isAbsolute(database.socketPath))
    throw badInput("A socket is an absolute path.", "For example /run/mysqld/mysqld.sock.");
  return database;
}
