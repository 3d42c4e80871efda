import { findRestoreError, listSettledRuns, type RunRow, type ScheduleRow } from "../db/alert-history.ts";
import type { Message } from "../domain/notification.ts";
import { recovered as recoveredMessage } from "../domain/notification-form.ts";
import * as texts from "../domain/schedule-texts.ts";
import type { SettingValues } from "../domain/settings.ts";
import type { Reading } from "./alert-subject.ts";
import type { News } from "./outbox.ts";

export const scheduleEvents = ["BACKUP_MISSED", "RESTORE_FAILED", "SCHEDULE_PAUSED"] as const;

/** What is new about a schedule: due times that were missed, restores that failed, and whether Holdfast itself paused it. */
export async function scheduleNews(
  schedule: ScheduleRow,
  { source, target }: { readonly source: string /** Of a restore: what it goes into. */; readonly target: string },
  settings: SettingValues,
  at: Date,
  { tx, states, cursor: cursorOf }: Reading,
): Promise<readonly News[]> {
  const telling = { at, timeZone: settings.timeZone };
  const named = { source, schedule: schedule.name, scheduleId: schedule.id };
  const path = `/schedules/${schedule.id}`;
  const news: News[] = [];
  const tell = (message: Message, more: Omit<News, "message" | "subject" | "sourceId"> = {}) =>
    news.push({ message, subject: `schedule:${schedule.id}`, sourceId: schedule.sourceId, ...more });

  function raise(event: (typeof scheduleEvents)[number], since: Date, message: Message): void {
    if (states.raise(event, since, { title: message.title, path: message.path })) tell(message);
  }

  function recovered(events: readonly (typeof scheduleEvents)[number][], endedAt: Date): void {
    const ended = states.lower(events, endedAt);
    if (!ended) return;
    const message = recoveredMessage({ ...telling, at: endedAt }, { name: schedule.name, events: ended.events, since: ended.since, path });
    tell(message, { ended: ended.events });
  }

  async function restoreFailed(run: RunRow, settledAt: Date): Promise<void> {
    const error = run.operationId && (await findRestoreError(tx, run.operationId));
    const problem = { code: error?.code ?? null, message: error?.message ?? run.message ?? "It failed.", hint: error?.hint ?? null };
    raise("RESTORE_FAILED", settledAt, texts.restoreFailed(telling, { ...named, target, restoreId: error?.id ?? null, problem }));
  }

  const cursor = cursorOf("BACKUP_MISSED");
  const runs = (await listSettledRuns(tx, schedule.id, cursor.since)).filter(({ id }) => cursor.isNew(id));
  // Those that one look found missed are told together.
  const missed = runs.filter(isMissed);
  const count = missed.reduce((sum, { dueCount }) => sum + dueCount, 0);
  for (const run of runs) {
    const settledAt = run.settledAt ?? at;
    if (isMissed(run))
      raise("BACKUP_MISSED", run.dueAt, texts.runsMissed(telling, { ...named, dueAt: run.dueAt, count, message: run.message }));
    if (run.state === "FAILED" && schedule.kind === "RESTORE") await restoreFailed(run, settledAt);
    if (run.state === "COMPLETED") recovered(["BACKUP_MISSED", "RESTORE_FAILED"], settledAt);
    cursor.pass(run.id, settledAt);
  }

  if (schedule.pausedReason === null) recovered(["SCHEDULE_PAUSED"], at);
  else
    raise(
      "SCHEDULE_PAUSED",
      at,
      texts.schedulePaused(telling, { schedule: schedule.name, scheduleId: schedule.id, reason: schedule.pausedReason }),
    );
  return news;
}

/** Skipped for no reason of the schedule's own. */
const isMissed = ({ state, reason }: RunRow) => state === "SKIPPED" && (reason === "MISSED" || reason === "REFUSED");
