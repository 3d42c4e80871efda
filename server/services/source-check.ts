import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import type { Connection } from "../domain/connection.ts";
import { Failure } from "../domain/errors.ts";
import { checkConnection } from "../engine/database/inspect.ts";
import type { ClientTools } from "../engine/part.ts";

/** Whether a source can be backed up as it stands, part by part. */
export interface SourceCheck {
  readonly ok: boolean;
  readonly serverVersion: string | null;
  readonly missingPrivileges: readonly string[];
  readonly grants: readonly string[];
  readonly message: string | null;
  readonly hint: string | null;
  readonly tables: number | null;
  readonly bytes: number | null;
  readonly paths: readonly PathCheck[];
}
export interface PathCheck {
  readonly path: string;
  readonly ok: boolean;
  readonly message: string | null;
}

/** Tries the connection, the privileges, the client programs and each media folder. */
export async function checkSourceParts(
  connection: Connection | null,
  mediaPaths: readonly string[],
  tools: () => Promise<ClientTools>,
): Promise<SourceCheck> {
  const paths = await Promise.all(mediaPaths.map(checkPath));
  const database = connection ? await checkConnection(connection) : null;
  const missingTools = connection ? await failureOf(tools) : null;
  const badPath = paths.find(({ ok }) => !ok);
  return {
    ok: (database?.ok ?? true) && !missingTools && !badPath,
    serverVersion: database?.serverVersion ?? null,
    missingPrivileges: database?.missingPrivileges ?? [],
    grants: database?.grants ?? [],
    message: database?.message ?? missingTools?.message ?? badPath?.message ?? null,
    hint: database?.hint ?? missingTools?.hint ?? null,
    tables: database?.tables ?? null,
    bytes: database?.bytes ?? null,
    paths,
  };
}

async function checkPath(path: string): Promise<PathCheck> {
  try {
    if (!(await stat(path)).isDirectory()) return { path, ok: false, message: `${path} is not a folder.` };
    await access(path, constants.R_OK | constants.X_OK);
    return { path, ok: true, message: null };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    const message =
      code === "ENOENT"
        ? `There is no folder ${path}.`
        : code === "EACCES"
          ? `Holdfast may not read ${path}.`
          : `${path} cannot be read (${String(code)}).`;
    return { path, ok: false, message };
  }
}

async function failureOf(work: () => Promise<unknown>): Promise<Failure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
