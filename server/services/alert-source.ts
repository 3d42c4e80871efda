import {
  type EndedBackup,
  type EndedVerification,
  findRunsOf,
  listEndedBackups,
  listEndedVerifications,
  listLikeBackups,
  listSchedulesOf,
  newestGood,
} from "../db/alert-history.ts";
import { findManifests } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import type { SourceRow } from "../db/sources.ts";
import { findReports } from "../db/verifications.ts";
import { sizeFindings, tableFindings } from "../domain/anomaly.ts";
import type { OperationId } from "../domain/ids.ts";
import type { Message } from "../domain/notification.ts";
import { recovered as recoveredMessage } from "../domain/notification-form.ts";
import { isOverdue, lastGoodOf } from "../domain/overdue.ts";
import type { SettingValues } from "../domain/settings.ts";
import * as texts from "../domain/source-texts.ts";
import type { Reading } from "./alert-subject.ts";
import type { News } from "./outbox.ts";

export const sourceEvents = ["BACKUP_FAILED", "BACKUP_OVERDUE", "SIZE_ANOMALY", "VERIFICATION_FAILED"] as const;

/** Longer than it takes to decide whether a schedule tries again; after that a failure counts as one. */
const undecidedMilliseconds = 10 * 60_000;
const compared = 10;

/** What is new about a source: its backups and verifications in the order in which they ended, then the age of what it has. */
export async function sourceNews(source: SourceRow, settings: SettingValues, at: Date, reading: Reading): Promise<readonly News[]> {
  const { tx, states } = reading;
  const telling = { at, timeZone: settings.timeZone };
  const subject = `source:${source.id}`;
  const news: News[] = [];
  const tell = (message: Message, more: Omit<News, "message" | "subject" | "sourceId"> = {}) =>
    news.push({ message, subject, sourceId: source.id, ...more });

  function failed(backup: EndedBackup, finishedAt: Date, lastGoodAt: Date | null): void {
    const message = texts.backupFailed(telling, {
      source: source.name,
      backup: { id: backup.id, name: backup.name, finishedAt },
      problem: { code: backup.errorCode, message: backup.errorMessage ?? "It failed.", hint: backup.errorHint },
      lastGoodAt,
    });
    const parts = [...new Set([...(states.of("BACKUP_FAILED").details.parts ?? []), ...partsOf(backup)])];
    const isNews = states.raise("BACKUP_FAILED", finishedAt, { parts, title: message.title, path: message.path });
    tell(message, { beat: isNews ? "also" : "only" });
  }

  async function completed(backup: EndedBackup, finishedAt: Date): Promise<void> {
    const { name, storedSize, startedAt } = backup;
    const detail = { id: backup.id, name, storedSize, startedAt, finishedAt, warnings: backup.warnings ?? [] };
    const before = states.of("BACKUP_FAILED");
    const parts = (before.details.parts ?? []).filter((part) => !partsOf(backup).includes(part));
    if (before.raised && parts.length > 0) states.set("BACKUP_FAILED", { ...before, details: { ...before.details, parts } });
    else recovered(["BACKUP_FAILED"], finishedAt, `/backups/${backup.id}`);
    tell(texts.backupSucceeded(telling, { source: source.name, backup: detail }), { beat: "also" });
    const findings = await findingsOf(tx, source, backup, settings.sizeAnomalyPercent);
    const unlike = texts.sizeAnomaly(telling, { source: source.name, backup: detail, findings });
    if (findings.length === 0) states.lower(["SIZE_ANOMALY"], finishedAt);
    else if (states.raise("SIZE_ANOMALY", finishedAt, { title: unlike.title, path: unlike.path })) tell(unlike);
  }

  /** One message for all that ended together. */
  function recovered(events: readonly (typeof sourceEvents)[number][], endedAt: Date, path: string): void {
    const ended = states.lower(events, endedAt);
    if (!ended) return;
    const message = recoveredMessage({ ...telling, at: endedAt }, { name: source.name, events: ended.events, since: ended.since, path });
    tell(message, { ended: ended.events });
  }

  async function verified(verification: EndedVerification, finishedAt: Date): Promise<void> {
    const { id, backupId, level } = verification;
    const { details } = states.of("VERIFICATION_FAILED");
    if (verification.status === "COMPLETED" && verification.passed) {
      // A drill proves more than a checksum: what the one found is not cured by the other.
      if (details.level !== "RESTORE" || level === "RESTORE") recovered(["VERIFICATION_FAILED"], finishedAt, `/backups/${backupId}`);
      return;
    }
    const broken = verification.status === "FAILED";
    const [found] = broken ? [] : await findReports(tx, [id]);
    const message = texts.verificationFailed(telling, {
      source: source.name,
      backup: { id: backupId, name: verification.backupName },
      drill: level === "RESTORE",
      problems: found?.report.problems ?? [],
      problem: broken
        ? { code: verification.errorCode, message: verification.errorMessage ?? "It failed.", hint: verification.errorHint }
        : null,
    });
    const strongest = details.level === "RESTORE" ? "RESTORE" : level;
    if (states.raise("VERIFICATION_FAILED", finishedAt, { level: strongest, title: message.title, path: message.path })) tell(message);
  }

  async function aged(): Promise<void> {
    const lastGoodAt = lastGoodOf(await newestGood(tx, source.id));
    const [ownTargetHours, targetHours] = [source.targetBackupAgeHours, settings.targetBackupAgeHours];
    const schedules = (await listSchedulesOf(tx, source.id)).filter(({ active, kind }) => active && kind === "BACKUP");
    if (!isOverdue({ lastGoodAt, addedAt: source.createdAt, ownTargetHours, targetHours, schedules }, at)) {
      recovered(["BACKUP_OVERDUE"], at, `/sources/${source.id}`);
      return;
    }
    // That it fails has been told, and is why it is old.
    if (states.isRaised("BACKUP_FAILED")) return;
    const hours = ownTargetHours ?? targetHours ?? 0;
    const message = texts.backupOverdue(telling, { source: source.name, sourceId: source.id, lastGoodAt, targetHours: hours });
    if (states.raise("BACKUP_OVERDUE", at, { title: message.title, path: message.path })) tell(message);
  }

  const backupCursor = reading.cursor("BACKUP_FAILED");
  const backups = (await listEndedBackups(tx, source.id, backupCursor.since)).filter(({ id }) => backupCursor.isNew(id));
  const runOf = await runsByOperation(
    tx,
    backups.filter(({ status, scheduleId }) => status === "FAILED" && scheduleId).map(({ id }) => id),
  );
  for (const backup of backups) {
    const finishedAt = backup.finishedAt ?? at;
    if (backup.status === "COMPLETED") await completed(backup, finishedAt);
    else {
      const again = backup.scheduleId === null ? "NO" : triedAgain(runOf.get(backup.id) ?? "GONE", finishedAt, at);
      if (again === "UNDECIDED") break;
      if (again === "NO") failed(backup, finishedAt, lastGoodOf(await newestGood(tx, source.id)));
    }
    backupCursor.pass(backup.id, finishedAt);
  }

  const cursor = reading.cursor("VERIFICATION_FAILED");
  const verifications = (await listEndedVerifications(tx, source.id, cursor.since)).filter(({ id }) => cursor.isNew(id));
  const verificationRuns = await runsByOperation(
    tx,
    verifications.filter(({ status }) => status === "FAILED").map(({ id }) => id),
  );
  for (const verification of verifications) {
    const finishedAt = verification.finishedAt ?? at;
    const run = verificationRuns.get(verification.id);
    const again = run && verification.status === "FAILED" ? triedAgain(run, finishedAt, at) : "NO";
    if (again === "UNDECIDED") break;
    if (again === "NO") await verified(verification, finishedAt);
    cursor.pass(verification.id, finishedAt);
  }

  await aged();
  return news;
}

const partsOf = ({ type }: EndedBackup): readonly string[] => (type === "FULL" ? ["database", "media"] : [type.toLowerCase()]);

/** Whether a failed try is made good by the next: then it is no failure yet. `GONE`: its run has another operation by now. */
function triedAgain(run: string, finishedAt: Date, at: Date): "YES" | "NO" | "UNDECIDED" {
  if (run === "WAITING" || run === "GONE") return "YES";
  if (run === "STARTED" && at.getTime() - finishedAt.getTime() < undecidedMilliseconds) return "UNDECIDED";
  return "NO";
}

async function runsByOperation(tx: Db, ids: readonly OperationId[]): Promise<ReadonlyMap<OperationId, string>> {
  const rows = await findRunsOf(tx, ids);
  return new Map(rows.flatMap(({ operationId, state }) => (operationId ? [[operationId, state]] : [])));
}

/** How a backup differs from its like. */
async function findingsOf(tx: Db, source: SourceRow, backup: EndedBackup, percent: number): Promise<readonly string[]> {
  const like = await listLikeBackups(tx, source.id, backup, compared);
  const last = like[0];
  if (!last) return [];
  const manifests = new Map((await findManifests(tx, [backup.id, last.id])).map(({ backupId, manifest }) => [backupId, manifest]));
  const [tables, before] = [manifests.get(backup.id)?.database?.tables, manifests.get(last.id)?.database?.tables];
  return [...sizeFindings(backup, like, percent), ...(tables && before ? tableFindings(tables, before) : [])];
}
