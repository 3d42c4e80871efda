import { basename, resolve } from "node:path";
import type { BackupType, RestoreMode } from "../../../shared/enums.ts";
import { badInput, Failure } from "../../domain/errors.ts";
import type { SourceId } from "../../domain/ids.ts";
import type { Rewrites } from "../../domain/inspection.ts";
import type { UploadRow } from "../../services/uploads.ts";
import type { Session } from "../session.ts";
import { carryOut, type RestoreOptions } from "./restore.ts";

export interface RestoreFilesOptions extends Omit<RestoreOptions, "table" | "path"> {
  readonly stripDefiner?: boolean;
  readonly mapCollation?: readonly string[];
}

/** restore-files: the files are inspected as uploads are, and restored as these. */
export async function restoreFiles(session: Session, paths: readonly string[], options: RestoreFilesOptions): Promise<void> {
  const { services, actor, signal } = session;
  const rewrites = rewritesOf(options);
  const rows: UploadRow[] = [];
  try {
    for (const path of paths) {
      const row = await services.uploads.adopt(actor, resolve(path), basename(path), signal);
      rows.push(row);
      tellFindings(row);
    }
    await carryOut(
      session,
      {
        uploadIds: rows.map(({ id }) => id),
        type: (options.type?.toUpperCase() ?? typeOf(rows)) as BackupType,
        mode: options.mode.toUpperCase() as RestoreMode,
        targetSourceId: options.target as SourceId | undefined,
        targetDatabase: options.targetDatabase,
        rewrites,
        backupBeforeRestore: options.preRestoreBackup,
        staged: !options.inPlace,
      },
      options,
    );
  } finally {
    // They are the files' copies: whoever needs them again has the files.
    for (const { id } of rows) await services.uploads.remove(actor, id).catch(() => {});
  }
}

function rewritesOf({ stripDefiner = false, mapCollation = [] }: RestoreFilesOptions): Rewrites {
  const collations = mapCollation.map((mapping) => {
    const { from, to } = /^(?<from>\w+)=(?<to>\w+)$/.exec(mapping)?.groups ?? {};
    if (!from || !to) throw badInput(`${mapping} is no mapping of a collation.`, "Write it as utf8mb4_0900_ai_ci=utf8mb4_unicode_520_ci.");
    return { from, to };
  });
  return { stripDefiner, collations };
}

/** What was found in the file, on standard error; throws where it forbids to restore it. */
function tellFindings({ filename, state, problem, inspection }: UploadRow): void {
  for (const { severity, message, hint } of inspection?.findings ?? [])
    process.stderr.write(`${filename}: ${severity.toLowerCase()}: ${message}${hint ? ` ${hint}` : ""}\n`);
  if (state === "READY") return;
  const { code = "ARTIFACT_UNSAFE", message = "It could not be inspected.", hint = null } = problem ?? {};
  throw new Failure(code, `${filename} cannot be restored: ${message}`, hint ?? undefined);
}

function typeOf(rows: readonly UploadRow[]): BackupType {
  const [database, media] = [rows.some(({ inspection }) => inspection?.database), rows.some(({ inspection }) => inspection?.media)];
  if (database && media) return "FULL";
  return database ? "DATABASE" : "MEDIA";
}
