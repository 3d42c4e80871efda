import { formatCount } from "../../shared/format.ts";
import type { RestoreResult } from "../domain/restore.ts";
import type { Brought } from "./database/choice.ts";
import { planMedia } from "./media/plan.ts";
import type { RestorePlan } from "./restore-plan.ts";

/** The files and folders that a restore brings: of those that are there already, PRESERVE brings none. */
export async function filesOf(
  { content, target, paths, mode }: RestorePlan,
  signal: AbortSignal,
): Promise<Pick<RestoreResult, "files" | "directories">> {
  if (!target.media || !content.media) return { files: 0, directories: 0 };
  const measure = await content.media.measure(paths);
  if (mode !== "PRESERVE") return measure;
  const forecasts = await planMedia(content.media, target.media, paths, mode, signal);
  const added = forecasts.map(({ filesAdded }) => filesAdded);
  return added.includes(null) ? measure : { files: added.reduce<number>((sum, files) => sum + (files ?? 0), 0), directories: 0 };
}

export function resultOf(
  { files, directories }: Pick<RestoreResult, "files" | "directories">,
  brought: Brought | null,
  switchSeconds: number | null,
): RestoreResult {
  const { tables = 0, rows = 0, definitions } = brought ?? {};
  return {
    tables,
    rows,
    views: definitions?.views ?? 0,
    triggers: definitions?.triggers ?? 0,
    routines: (definitions?.procedures ?? 0) + (definitions?.functions ?? 0),
    events: definitions?.events ?? 0,
    files,
    directories,
    switchSeconds,
  };
}

/** "42 tables with 1,204,551 rows and 9,604 files", for a log line. */
export function describeResult(result: RestoreResult): string {
  const parts = [
    result.tables > 0 ? `${formatCount(result.tables, "table")} with ${formatCount(result.rows, "row")}` : null,
    result.files > 0 ? formatCount(result.files, "file") : null,
  ].filter((part) => part !== null);
  return parts.join(" and ") || "nothing";
}
