import type { Message } from "./notification.ts";
import { fact, made, type Problem, sentences, type Telling } from "./notification-form.ts";
import { momentOf, oneLine, shortReason } from "./notification-words.ts";

export const runsMissed = (
  telling: Telling,
  {
    source,
    schedule,
    scheduleId,
    dueAt,
    count,
    message,
  }: {
    readonly source: string;
    readonly schedule: string;
    readonly scheduleId: string;
    readonly dueAt: Date;
    readonly count: number;
    readonly message: string | null;
  },
): Message =>
  made(
    telling,
    "BACKUP_MISSED",
    "bad",
    `${oneLine(source)}: ${count === 1 ? "a scheduled run was" : `${count} scheduled runs were`} missed`,
    sentences(
      `${oneLine(schedule)} was due at ${momentOf(dueAt, telling.timeZone)} and did not run.`,
      message ?? "Holdfast was not running then.",
      "Run it now, or wait for its next time.",
    ),
    `/schedules/${scheduleId}`,
    [...fact("Schedule", schedule), ...fact("Due", momentOf(dueAt, telling.timeZone))],
  );

export const restoreFailed = (
  telling: Telling,
  {
    target,
    schedule,
    scheduleId,
    restoreId,
    problem,
  }: {
    readonly target: string;
    readonly schedule: string;
    readonly scheduleId: string;
    readonly restoreId: string | null;
    readonly problem: Problem;
  },
): Message =>
  made(
    telling,
    "RESTORE_FAILED",
    "bad",
    `${oneLine(target)}: scheduled restore failed (${shortReason(problem.code, problem.message)})`,
    sentences(problem.message, problem.hint),
    restoreId ? `/restore/${restoreId}` : `/schedules/${scheduleId}`,
    fact("Schedule", schedule),
  );

export const schedulePaused = (
  telling: Telling,
  { schedule, scheduleId, reason }: { readonly schedule: string; readonly scheduleId: string; readonly reason: string },
): Message =>
  made(
    telling,
    "SCHEDULE_PAUSED",
    "bad",
    `${oneLine(schedule)}: Holdfast paused this schedule`,
    sentences(reason, "It does nothing until somebody mends it and resumes it."),
    `/schedules/${scheduleId}`,
  );
