import type { ErrorCode } from "../../shared/codes.ts";
import type { NotificationEvent } from "../../shared/enums.ts";
import { formatBytes, formatDuration } from "../../shared/format.ts";
import type { Message } from "./notification.ts";
import { momentOf, oneLine, shortReason, someLines, spanOf } from "./notification-words.ts";

/** What every text needs to know beside its own matter. */
export interface Telling {
  readonly at: Date;
  readonly timeZone: string;
}
export interface Problem {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string | null;
}

type Facts = Message["facts"];
const fact = (name: string, value: string): Facts => [{ name, value: oneLine(value, 300) }];
const sentences = (...parts: readonly (string | null | undefined | false)[]) => someLines(parts.filter(Boolean).join(" "));

const made = (
  { at }: Telling,
  event: NotificationEvent,
  severity: Message["severity"],
  title: string,
  text: string,
  path: string | null,
  facts: Facts = [],
): Message => ({ event, severity, title: oneLine(title, 200), text, facts, path, at: at.toISOString() });

const lastGoodSentence = (lastGoodAt: Date | null, at: Date) =>
  lastGoodAt ? `The last good backup is ${spanOf(at.getTime() - lastGoodAt.getTime())} old.` : "There is no good backup yet.";

const lastGoodFact = ({ timeZone }: Telling, lastGoodAt: Date | null): Facts =>
  fact("Last good backup", lastGoodAt ? momentOf(lastGoodAt, timeZone) : "none");

export const backupFailed = (
  telling: Telling,
  {
    source,
    backup,
    problem,
    lastGoodAt,
  }: {
    readonly source: string;
    readonly backup: { readonly id: string; readonly name: string; readonly finishedAt: Date };
    readonly problem: Problem;
    readonly lastGoodAt: Date | null;
  },
): Message =>
  made(
    telling,
    "BACKUP_FAILED",
    "bad",
    `${oneLine(source)}: backup failed (${shortReason(problem.code, problem.message)})`,
    sentences(problem.message, problem.hint, lastGoodSentence(lastGoodAt, telling.at)),
    `/backups/${backup.id}`,
    [
      ...fact("Backup", backup.name),
      ...fact("Failed", momentOf(backup.finishedAt, telling.timeZone)),
      ...lastGoodFact(telling, lastGoodAt),
    ],
  );

export const backupSucceeded = (
  telling: Telling,
  {
    source,
    backup,
  }: {
    readonly source: string;
    readonly backup: {
      readonly id: string;
      readonly name: string;
      readonly storedSize: number | null;
      readonly startedAt: Date | null;
      readonly finishedAt: Date;
      readonly warnings: readonly string[];
    };
  },
): Message =>
  made(
    telling,
    "SUCCEEDED",
    "good",
    `${oneLine(source)}: backup complete${backup.warnings.length > 0 ? ", with warnings" : ""}`,
    sentences(`${oneLine(backup.name)} is stored.`, ...backup.warnings.slice(0, 5)),
    `/backups/${backup.id}`,
    [
      ...fact("Backup", backup.name),
      ...(backup.storedSize === null ? [] : fact("Stored", formatBytes(backup.storedSize))),
      ...(backup.startedAt ? fact("Took", formatDuration((backup.finishedAt.getTime() - backup.startedAt.getTime()) / 1000)) : []),
    ],
  );

const recoveredWords: Readonly<Partial<Record<NotificationEvent, string>>> = {
  BACKUP_FAILED: "backups work again",
  BACKUP_MISSED: "scheduled runs work again",
  BACKUP_OVERDUE: "backed up again",
  VERIFICATION_FAILED: "verified again",
  RESTORE_FAILED: "scheduled restores work again",
  STORAGE_LOW: "has room again",
  CLEANUP_REFUSED: "lets go of old backups again",
  SCHEDULE_PAUSED: "runs again",
};

/** One message for all that ended at once; the first of `events` names it. */
export const recovered = (
  telling: Telling,
  {
    name,
    events,
    since,
    path,
    facts,
  }: {
    readonly name: string;
    readonly events: readonly NotificationEvent[];
    readonly since: Date;
    readonly path: string | null;
    readonly facts?: Facts;
  },
): Message => {
  const lasted = spanOf(telling.at.getTime() - since.getTime());
  const what = recoveredWords[events[0] ?? "TEST"] ?? "all is well again";
  return made(
    telling,
    "RECOVERED",
    "good",
    `${oneLine(name)}: ${what}, after ${lasted}`,
    sentences(`What was wrong since ${momentOf(since, telling.timeZone)} has ended. It lasted ${lasted}.`),
    path,
    facts ?? [],
  );
};

export const backupOverdue = (
  telling: Telling,
  {
    source,
    sourceId,
    lastGoodAt,
    targetHours,
  }: {
    readonly source: string;
    readonly sourceId: string;
    readonly lastGoodAt: Date | null;
    readonly targetHours: number;
  },
): Message =>
  made(
    telling,
    "BACKUP_OVERDUE",
    "bad",
    lastGoodAt
      ? `${oneLine(source)}: the last good backup is ${spanOf(telling.at.getTime() - lastGoodAt.getTime())} old`
      : `${oneLine(source)}: there is no backup yet`,
    sentences(
      `${lastGoodSentence(lastGoodAt, telling.at)} It should never be older than ${spanOf(targetHours * 3_600_000)}, and nothing has failed: look whether a schedule backs this source up, and whether it is active.`,
    ),
    `/sources/${sourceId}`,
    lastGoodFact(telling, lastGoodAt),
  );

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

export const verificationFailed = (
  telling: Telling,
  {
    source,
    backup,
    drill,
    problems,
    problem,
  }: {
    readonly source: string;
    readonly backup: { readonly id: string; readonly name: string };
    readonly drill: boolean;
    /** What was found wrong with the backup; empty where the verification itself did not come about. */
    readonly problems: readonly string[];
    readonly problem: Problem | null;
  },
): Message =>
  made(
    telling,
    "VERIFICATION_FAILED",
    "bad",
    problem
      ? `${oneLine(source)}: a backup could not be verified (${shortReason(problem.code, problem.message)})`
      : `${oneLine(source)}: a backup did not pass its ${drill ? "drill" : "verification"}`,
    problem
      ? sentences(problem.message, problem.hint)
      : sentences(...problems.slice(0, 5), "This backup may not restore what it should. Take a new one now, and verify that."),
    `/backups/${backup.id}`,
    fact("Backup", backup.name),
  );

export const sizeAnomaly = (
  telling: Telling,
  {
    source,
    backup,
    findings,
  }: {
    readonly source: string;
    readonly backup: { readonly id: string; readonly name: string };
    readonly findings: readonly string[];
  },
): Message =>
  made(
    telling,
    "SIZE_ANOMALY",
    "attention",
    `${oneLine(source)}: a backup is unlike those before it`,
    sentences(...findings.slice(0, 5), "It is complete. Check whether the source lost or gained what it should not have."),
    `/backups/${backup.id}`,
    fact("Backup", backup.name),
  );

export const storageLow = (
  telling: Telling,
  { storage, storageId, sentence }: { readonly storage: string; readonly storageId: string; readonly sentence: string },
): Message =>
  made(
    telling,
    "STORAGE_LOW",
    "attention",
    `${oneLine(storage)}: the storage is running low`,
    sentences(sentence, "Free some space, keep fewer backups, or choose another storage."),
    `/storages/${storageId}`,
  );

export const cleanupRefused = (
  telling: Telling,
  {
    storage,
    storageId,
    count,
    problem,
  }: {
    readonly storage: string;
    readonly storageId: string;
    readonly count: number;
    readonly problem: string;
  },
): Message =>
  made(
    telling,
    "CLEANUP_REFUSED",
    "attention",
    `${oneLine(storage)}: ${count === 1 ? "a backup" : `${count} backups`} cannot be deleted`,
    sentences(problem, "It is tried again by itself. Check the storage and the rights of the account that runs Holdfast."),
    `/storages/${storageId}`,
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

export const testMessage = (at: Date): Message => ({
  event: "TEST",
  severity: "good",
  title: "Holdfast: this is a test",
  text: "Notifications arrive here. Nothing has happened, and there is nothing to do.",
  facts: [],
  path: "/settings",
  at: at.toISOString(),
});
