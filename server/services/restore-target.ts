import type { BackupType } from "../../shared/enums.ts";
import type { SourceRow } from "../db/sources.ts";
import { badInput } from "../domain/errors.ts";
import type { Content } from "../engine/content.ts";
import type { RestoreTarget } from "../engine/restore.ts";

/** The target of a restore of `type`; refused when the content or the source lacks a part that it asks for. */
export function targetOf(source: SourceRow, content: Content, type: BackupType, database: RestoreTarget["database"]): RestoreTarget {
  const wantsDatabase = type !== "MEDIA";
  const wantsMedia = type !== "DATABASE";
  if (wantsDatabase && !content.database) throw badInput("What is to be restored holds no database.", "Restore its media only.");
  if (wantsMedia && !content.media) throw badInput("What is to be restored holds no media.", "Restore its database only.");
  if (wantsDatabase && source.databaseName === null) throw badInput(`${source.name} has no database to restore into.`);
  return {
    database: wantsDatabase ? database : null,
    media: wantsMedia && content.media ? rootsFor(source, content.media.summary.roots) : null,
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

const systemSchemas: readonly string[] = ["mysql", "sys", "information_schema", "performance_schema"];

/** Refuses a database that is none to restore into: of the server itself, one of ours, or another source's own. */
export function checkTargetDatabase(
  { target, targetDatabase, type }: { readonly target: SourceRow; readonly targetDatabase: string | null; readonly type: BackupType },
  sources: readonly SourceRow[],
): void {
  if (targetDatabase === null) return;
  if (type === "MEDIA")
    throw badInput("A target database can be named only where the database is restored.", "Leave `targetDatabase` out.");
  if (targetDatabase === "" || [...targetDatabase].length > 64 || /[\p{Cc}/\\]|\s$|^\.|\.$/u.test(targetDatabase))
    throw badInput(
      "That is no name of a database.",
      "A name has 1 to 64 characters, no line breaks and no slashes, and does not end in a space.",
    );
  if (systemSchemas.includes(targetDatabase.toLowerCase()) || targetDatabase.toLowerCase().startsWith("_holdfast_"))
    throw badInput(`${targetDatabase} is not a database to restore into.`, "Choose another name.");
  const owner = sources.find(
    (source) =>
      source.id !== target.id &&
      source.databaseName === targetDatabase &&
      source.databaseSocket === target.databaseSocket &&
      (target.databaseSocket !== null || (source.databaseHost === target.databaseHost && source.databasePort === target.databasePort)),
  );
  if (owner)
    throw badInput(
      `${targetDatabase} is the database of the source ${owner.name}.`,
      `Restore into that source: give its id, ${owner.id}, as \`targetSourceId\`, and leave \`targetDatabase\` out.`,
    );
}
