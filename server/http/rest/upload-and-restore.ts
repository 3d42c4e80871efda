import type { Request } from "express";
import { type BackupType, backupTypes, type RestoreMode, restoreModes } from "../../../shared/enums.ts";
import { type Actor, allow } from "../../domain/access.ts";
import { badInput, Failure } from "../../domain/errors.ts";
import type { RestoreId, SourceId, UploadId } from "../../domain/ids.ts";
import type { Services } from "../../services/services.ts";
import type { UploadRow } from "../../services/uploads.ts";
import { readMultipart } from "./multipart.ts";

const known = ["type", "mode", "name", "target", "targetDatabase", "backupBeforeRestore", "staged", "skipBinaryLog"];

/** Takes the files of a form in, waits until they are inspected, and begins their restore; with a failure nothing of them stays. */
export async function uploadAndRestore(
  req: Request,
  actor: Actor | null,
  { uploads, restores }: Pick<Services, "uploads" | "restores">,
): Promise<RestoreId> {
  allow(actor, "restore");
  const length = Number(req.get("content-length"));
  if (!Number.isSafeInteger(length) || length < 1)
    throw badInput(
      "How long the body is has to be said before it.",
      "Send a Content-Length; for very large files use createUpload and tus.",
    );
  const left = new AbortController();
  req.on("close", () => !req.complete && left.abort(badInput("The request was cut short.")));
  const rows: UploadRow[] = [];
  try {
    const fields = await readMultipart(req, async (filename, bytes) => {
      const row = await uploads.receive(actor, filename, bytes, length, left.signal);
      rows.push(row);
      demandReady(row);
    });
    const { id } = await restores.create(actor, { ...requestOf(fields, rows), uploadIds: rows.map((row) => row.id) });
    return id;
  } catch (error) {
    left.abort(error);
    for (const { id } of rows) await uploads.remove(actor, id as UploadId).catch(() => {});
    throw error;
  }
}

function demandReady({ filename, state, problem }: UploadRow): void {
  if (state === "READY") return;
  const { code = "ARTIFACT_UNSAFE", message = "It could not be inspected.", hint = null, reason = null } = problem ?? {};
  throw new Failure(code, `${filename} cannot be restored: ${message}`, hint ?? undefined, reason ? { reason } : {});
}

function requestOf(fields: ReadonlyMap<string, string>, rows: readonly UploadRow[]) {
  const unknown = [...fields.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw badInput(`There is no field ${unknown.slice(0, 50)}.`, `There are: ${known.join(", ")}, and files.`);
  if (rows.length === 0) throw badInput("There is no file in the form.", "Send a dump or an archive as `files`.");
  return {
    type: word<BackupType>(fields, "type", backupTypes) ?? typeOf(rows),
    mode: word<RestoreMode>(fields, "mode", restoreModes) ?? "REPLACE",
    name: fields.get("name"),
    targetSourceId: fields.get("target") as SourceId | undefined,
    targetDatabase: fields.get("targetDatabase"),
    backupBeforeRestore: yes(fields, "backupBeforeRestore"),
    staged: yes(fields, "staged"),
    skipBinaryLog: yes(fields, "skipBinaryLog", "false"),
  };
}

function word<T extends string>(fields: ReadonlyMap<string, string>, name: string, words: readonly T[]): T | undefined {
  const text = fields.get(name)?.toUpperCase();
  if (text === undefined) return undefined;
  const found = words.find((each) => each === text);
  if (!found) throw badInput(`${name} is one of ${words.join(", ")}.`);
  return found;
}

function yes(fields: ReadonlyMap<string, string>, name: string, usual = "true"): boolean {
  const text = fields.get(name) ?? usual;
  if (text !== "true" && text !== "false") throw badInput(`${name} is true or false.`);
  return text === "true";
}

function typeOf(rows: readonly UploadRow[]): BackupType {
  const [database, media] = [rows.some(({ inspection }) => inspection?.database), rows.some(({ inspection }) => inspection?.media)];
  return database && media ? "FULL" : database ? "DATABASE" : "MEDIA";
}
