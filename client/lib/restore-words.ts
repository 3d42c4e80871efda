import { formatCount, formatDuration } from "../../shared/format.ts";
import type { RestoreDetailFragment } from "../graphql/generated.ts";
import { typeWord } from "./words.ts";

type Running = Pick<RestoreDetailFragment, "status" | "staged" | "type"> & { readonly target: { readonly name: string } };
type Phase = NonNullable<RestoreDetailFragment["progress"]>["phase"];

/** What is true at this moment of a restore, for the person who waits. */
export function restoreTruth({ status, staged, type, target }: Running, phase: Phase | null): string {
  const untouched = `${target.name} is untouched and still running.`;
  if (status === "QUEUED" || phase === null) return `${untouched} The restore waits for its turn.`;
  if (phase === "PREPARING") return `${untouched} Checking the backup and taking the safety backup.`;
  if (phase === "SWITCHING") return "Switching, about 1 second.";
  if (phase === "FINISHING") return `${target.name} is restored. Clearing away what it was before.`;
  if (!staged) return `${target.name} is being rewritten in place: what it holds is incomplete until this ends.`;
  if (phase === "DATABASE") return `${untouched} Loading into a scratch database.`;
  if (phase === "MEDIA") return `${untouched} Unpacking the media beside the present ones.`;
  if (phase === "VERIFYING")
    return type === "MEDIA" ? `${untouched} Counting the files.` : `${untouched} Comparing the tables and their rows with the backup.`;
  return untouched;
}

type Result = NonNullable<RestoreDetailFragment["result"]>;

/** "42 tables, 1,204,551 rows, 9,604 files", of what was counted in the target. */
export function resultCounts(result: Result, type: Running["type"]): string {
  const database = [formatCount(result.tables, "table"), formatCount(result.rows, "row")];
  return [...(type === "MEDIA" ? [] : database), ...(type === "DATABASE" ? [] : [formatCount(result.files, "file")])].join(", ");
}

/** "3 views, 1 event": what a database restore made anew besides tables; null when there was nothing of it. */
export function resultDefinitions({ views, triggers, routines, events }: Result): string | null {
  const made = [
    [views, "view"],
    [triggers, "trigger"],
    [routines, "routine"],
    [events, "event"],
  ] as const;
  const counts = made.filter(([count]) => count > 0).map(([count, word]) => formatCount(count, word));
  return counts.length > 0 ? counts.join(", ") : null;
}

/** What a failed or cancelled restore left behind. */
export function afterwards({ status, staged, target }: Running): string {
  if (staged) return `${target.name} is as it was before${status === "FAILED" ? ": nothing was switched" : ""}.`;
  return `It wrote straight into ${target.name}. Look at its log for whether the safety backup was put back.`;
}

/** The small facts of a restore's page. */
export function restoreFacts(restore: RestoreDetailFragment): [string, string][] {
  const { durationSeconds, result } = restore;
  const definitions = result && resultDefinitions(result);
  return [
    ["Parts", typeWord[restore.type]],
    ["Target", restore.target.name],
    ["Way", restore.staged ? "Beside, then switched" : "In place"],
    ["Safety backup", restore.preRestoreBackup?.name ?? "None"],
    ...(definitions ? [["Made anew", definitions] satisfies [string, string]] : []),
    ...(durationSeconds === null ? [] : [["Took", formatDuration(durationSeconds)] satisfies [string, string]]),
    ...(result?.switchSeconds == null ? [] : [["The switch took", formatDuration(result.switchSeconds)] satisfies [string, string]]),
  ];
}
