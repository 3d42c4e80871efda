import type { ErrorCode } from "../../shared/codes.ts";
import type { NotificationEvent } from "../../shared/enums.ts";
import type { Message } from "./notification.ts";
import { momentOf, oneLine, someLines, spanOf } from "./notification-words.ts";

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

export type Facts = Message["facts"];
/** One fact as a list, so that it can be left out. */
export const fact = (name: string, value: string): Facts => [{ name, value: oneLine(value, 300) }];
/** What is there of these, as one text. */
export const sentences = (...parts: readonly (string | null | undefined | false)[]) => someLines(parts.filter(Boolean).join(" "));

/** A message whose title is one line whatever was put into it. */
export const made = (
  { at }: Telling,
  event: NotificationEvent,
  severity: Message["severity"],
  title: string,
  text: string,
  path: string | null,
  facts: Facts = [],
): Message => ({ event, severity, title: oneLine(title, 200), text, facts, path, at: at.toISOString() });

const recoveredWords: Readonly<Partial<Record<NotificationEvent, string>>> = {
  BACKUP_FAILED: "backups work again",
  BACKUP_MISSED: "scheduled runs work again",
  BACKUP_OVERDUE: "backed up again",
  VERIFICATION_FAILED: "verified again",
  RESTORE_FAILED: "scheduled restores work again",
  STORAGE_LOW: "has room again",
  STORAGE_UNREACHABLE: "can be reached again",
  COPIES_MISSING: "holds all its backups again",
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

export const testMessage = (at: Date): Message => ({
  event: "TEST",
  severity: "good",
  title: "Holdfast: this is a test",
  text: "Notifications arrive here. Nothing has happened, and there is nothing to do.",
  facts: [],
  path: "/settings",
  at: at.toISOString(),
});
