import type { BackupType } from "../../shared/enums.ts";
import type { SourceRow } from "../db/sources.ts";
import type { Connection } from "../domain/connection.ts";
import { badInput } from "../domain/errors.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { ClientTools } from "../engine/part.ts";
import type { RestoreTarget } from "../engine/restore.ts";

/** The target of a restore of `type`; refused when the backup or the source lacks a part that it asks for. */
export function targetOf(
  source: SourceRow,
  manifest: Manifest,
  type: BackupType,
  connection: Connection | null,
  tools: ClientTools | null,
): RestoreTarget {
  const wantsDatabase = type !== "MEDIA";
  const wantsMedia = type !== "DATABASE";
  if (wantsDatabase && !manifest.database) throw badInput("This backup holds no database.", "Restore its media only.");
  if (wantsMedia && !manifest.media) throw badInput("This backup holds no media.", "Restore its database only.");
  if (wantsDatabase && source.databaseName === null) throw badInput(`${source.name} has no database to restore into.`);
  return {
    database: wantsDatabase && connection && tools ? { connection, tools, make: false } : null,
    media: wantsMedia && manifest.media ? rootsFor(source, manifest.media.roots) : null,
  };
}

/** By path where the target has the same folders; by position where it has as many others. */
function rootsFor(source: SourceRow, roots: readonly { readonly path: string; readonly prefix: string }[]): RestoreTarget["media"] {
  if (roots.every(({ path }) => source.mediaPaths.includes(path))) return roots;
  if (roots.length !== source.mediaPaths.length)
    throw badInput(
      `The backup holds ${roots.length} media folders and ${source.name} has ${source.mediaPaths.length}.`,
      "Give the source as many media folders as the backup has, in the same order.",
    );
  return roots.map(({ prefix }, index) => ({ prefix, path: source.mediaPaths[index] ?? "" }));
}
