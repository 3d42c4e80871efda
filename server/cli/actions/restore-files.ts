import type { BackupType } from "../../../shared/enums.ts";
import { badInput, Failure } from "../../domain/errors.ts";
import { deleteUploadDocument, type Upload, uploadDocument } from "../documents/uploads.ts";
import type { Session } from "../session.ts";
import { carryOut, commonInput, type RestoreOptions } from "./restore.ts";

export interface RestoreFilesOptions extends Omit<RestoreOptions, "table" | "path"> {
  readonly stripDefiner?: boolean;
  readonly mapCollation?: readonly string[];
}

/** restore-files: the files are inspected as uploads are, and restored as these. */
export async function restoreFiles(session: Session, paths: readonly string[], options: RestoreFilesOptions): Promise<void> {
  const { holdfast, signal } = session;
  const rewrites = rewritesOf(options);
  const uploads: Upload[] = [];
  try {
    for (const path of paths) {
      const id = await holdfast.take(path, signal);
      const { upload } = await holdfast.ask<{ upload: Upload }>(uploadDocument, { id });
      uploads.push(upload);
      tellFindings(upload);
    }
    const uploadIds = uploads.map(({ id }) => id);
    await carryOut(session, { uploadIds, ...commonInput(options, typeOf(uploads)), rewrites }, options);
  } finally {
    // They are the files' copies: whoever needs them again has the files.
    for (const { id } of uploads) await holdfast.ask(deleteUploadDocument, { id }).catch(() => {});
  }
}

function rewritesOf({ stripDefiner = false, mapCollation = [] }: RestoreFilesOptions) {
  const collations = mapCollation.map((mapping) => {
    const { from, to } = /^(?<from>\w+)=(?<to>\w+)$/.exec(mapping)?.groups ?? {};
    if (!from || !to) throw badInput(`${mapping} is no mapping of a collation.`, "Write it as utf8mb4_0900_ai_ci=utf8mb4_unicode_520_ci.");
    return { from, to };
  });
  return { stripDefiner, collations };
}

/** What was found in the file, on standard error; throws where it forbids to restore it. */
function tellFindings({ filename, state, problem, problemHint, findings }: Upload): void {
  for (const { severity, message, hint } of findings)
    process.stderr.write(`${filename}: ${severity.toLowerCase()}: ${message}${hint ? ` ${hint}` : ""}\n`);
  if (state === "READY") return;
  throw new Failure(
    "ARTIFACT_UNSAFE",
    `${filename} cannot be restored: ${problem ?? "It could not be inspected."}`,
    problemHint ?? undefined,
  );
}

function typeOf(uploads: readonly Upload[]): BackupType {
  const [database, media] = [uploads.some((upload) => upload.database), uploads.some((upload) => upload.media)];
  if (database && media) return "FULL";
  return database ? "DATABASE" : "MEDIA";
}
