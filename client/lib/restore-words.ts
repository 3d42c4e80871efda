import { formatCount, formatDuration } from "../../shared/format.ts";
import type { RestoreDetailFragment } from "../graphql/generated.ts";
import type { Step } from "./phases.ts";
import { modeLabel } from "./restore-answers.ts";
import { tickedWords } from "./ticked.ts";
import { typeWord } from "./words.ts";

type Running = Pick<RestoreDetailFragment, "status" | "staged" | "type"> & { readonly target: { readonly name: string } };

/** What is true at this moment of a restore, for the person who waits. */
export function restoreTruth({ status, staged, target }: Running, step: Step["key"] | null): string {
  const untouched = `${target.name} is untouched and still running.`;
  if (status === "QUEUED" || step === null) return `${untouched} The restore waits for its turn.`;
  if (step === "check") return `${untouched} Comparing the backup's files with their checksums.`;
  if (step === "safety") return `${untouched} Taking the safety backup first.`;
  if (step === "switch") return "Switching, about 1 second.";
  if (step === "end") return `${target.name} is restored. Clearing away what it was before.`;
  if (!staged) return `${target.name} is being rewritten in place: what it holds is incomplete until this ends.`;
  return step === "media" ? `${untouched} Unpacking the media beside the present ones.` : `${untouched} Loading into a scratch database.`;
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
  return `If it had begun to write into ${target.name}, the safety backup was put back; the log tells.`;
}

/** The small facts of a restore's page. */
export function restoreFacts(restore: RestoreDetailFragment): [string, string][] {
  const { durationSeconds, result } = restore;
  const definitions = result && resultDefinitions(result);
  return [
    ["Parts", tickedWords({ tables: restore.tables ?? [], paths: restore.paths ?? [] }) ?? typeWord[restore.type]],
    ["How", modeLabel[restore.mode]],
    ["Target", restore.targetDatabase === null ? restore.target.name : `Database ${restore.targetDatabase} of ${restore.target.name}`],
    ["Way", restore.staged ? "Beside, then switched" : "In place"],
    ...(restore.skipBinaryLog ? [["Binary log", "Left out, where the server keeps one"] satisfies [string, string]] : []),
    ["Safety backup", restore.preRestoreBackup?.name ?? "None"],
    ...(definitions ? [["Made anew", definitions] satisfies [string, string]] : []),
    ...(durationSeconds === null ? [] : [["Took", formatDuration(durationSeconds)] satisfies [string, string]]),
    ...(result?.switchSeconds == null ? [] : [["The switch took", formatDuration(result.switchSeconds)] satisfies [string, string]]),
  ];
}
