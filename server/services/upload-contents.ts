import type { Db } from "../db/client.ts";
import * as db from "../db/uploads.ts";
import { badInput, Failure } from "../domain/errors.ts";
import type { UploadId } from "../domain/ids.ts";
import type { Rewrites } from "../domain/inspection.ts";
import type { Content } from "../engine/content.ts";
import { uploadedContent } from "../engine/upload/content.ts";
import type { Received } from "../engine/upload/received.ts";
import type { UploadedFile } from "../engine/upload/uploaded-file.ts";
import { demandRestorable } from "./uploads.ts";

/** Uploads as what a restore reads. */
export const createUploadContents = ({ catalog, files }: { readonly catalog: Db; readonly files: Received }) => ({
  /** What these uploads hold together, rewritten on the way, and what to call it; refused with what is wrong with them. */
  async contentOf(
    ids: readonly UploadId[],
    rewrites: Rewrites | null,
    mediaPaths: readonly string[],
  ): Promise<{ readonly content: Content; readonly name: string; readonly collations: readonly string[] }> {
    if (new Set(ids).size !== ids.length) throw badInput("An upload is named twice.", "Name each upload once.");
    const rows = await db.findUploads(catalog, ids);
    const found = ids.map((id): UploadedFile => {
      const row = rows.find((each) => each.id === id);
      if (!row) throw new Failure("NOT_FOUND", `There is no upload ${id}.`, "It may have expired: send the file again.");
      return { path: files.pathOf(id), filename: row.filename, inspection: demandRestorable(row) };
    });
    const content = await uploadedContent(found, rewrites ?? { stripDefiner: false, collations: [] }, mediaPaths);
    const mapped = new Map(rewrites?.collations.map(({ from, to }) => [from.toLowerCase(), to.toLowerCase()]));
    const used = found.flatMap(({ inspection }) => inspection.collations.map((name) => mapped.get(name) ?? name));
    return { content, collations: [...new Set(used)], name: found.map(({ filename }) => filename).join(" and ") };
  },
});
