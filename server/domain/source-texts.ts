import { formatBytes, formatDuration } from "../../shared/format.ts";
import type { Message } from "./notification.ts";
import { type Facts, fact, made, type Problem, sentences, type Telling } from "./notification-form.ts";
import { momentOf, oneLine, shortReason, spanOf } from "./notification-words.ts";

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
