import type { RetentionReason } from "../../shared/enums.ts";
import { formatBytes, formatCount } from "../../shared/format.ts";
import type { RetentionPartsFragment, RetentionPreviewQuery } from "../graphql/generated.ts";
import type { MarkShape } from "./recovery-line.ts";

export type Limits = RetentionPartsFragment;
type Preview = RetentionPreviewQuery["retentionPreview"];
export type Verdict = Preview["verdicts"][number];

export const noLimits: Limits = { days: null, keepLast: null, keepDaily: null, keepWeekly: null, keepMonthly: null, keepYearly: null };

/** Each limit as the words around its number, in the order in which a person thinks of them. */
export const limitWords: readonly { readonly key: keyof Limits; readonly before: string; readonly one: string; readonly many: string }[] = [
  { key: "days", before: "every backup of the last", one: "day", many: "days" },
  { key: "keepLast", before: "the newest", one: "backup", many: "backups" },
  { key: "keepDaily", before: "one a day for", one: "day", many: "days" },
  { key: "keepWeekly", before: "one a week for", one: "week", many: "weeks" },
  { key: "keepMonthly", before: "one a month for", one: "month", many: "months" },
  { key: "keepYearly", before: "one a year for", one: "year", many: "years" },
];

/** "Keeps every backup of the last 30 days, one a week for 8 weeks and one a year for 3 years." */
export function retentionSentence(limits: Limits): string {
  const parts = limitWords.flatMap(({ key, before, one, many }) => {
    const count = limits[key];
    return count === null ? [] : [`${before} ${formatCount(count, one, many)}`];
  });
  if (parts.length === 0) return "Keeps everything: no limit is set.";
  const last = parts.pop() ?? "";
  return `Keeps ${parts.length > 0 ? `${parts.join(", ")} and ` : ""}${last}.`;
}

/** What keeps a backup, or lets it go, in a word or three. */
export const reasonWord: Record<RetentionReason, string> = {
  PINNED: "pinned",
  IN_USE: "in use now",
  NEWEST_GOOD: "newest good one",
  NEWEST_PROVEN: "newest proven one",
  KEEP_LAST: "among the newest",
  DAYS: "young enough",
  DAILY: "the day's",
  WEEKLY: "the week's",
  MONTHLY: "the month's",
  YEARLY: "the year's",
  EXPIRED: "no limit keeps it",
  SIZE_CAP: "the storage is over its cap",
};

export const reasonsWord = (reasons: readonly RetentionReason[]): string => reasons.map((reason) => reasonWord[reason]).join(", ");

/** "12 stay, 5 go and free 1.20 GB." */
export function previewSentence({
  keptCount,
  removedCount,
  freedBytes,
}: Pick<Preview, "keptCount" | "removedCount" | "freedBytes">): string {
  if (keptCount + removedCount === 0) return "There are no good backups to judge yet.";
  if (removedCount === 0)
    return keptCount === 1 ? "The one backup stays." : `All ${keptCount.toLocaleString("en-US")} stay; nothing would go.`;
  return `${keptCount.toLocaleString("en-US")} ${keptCount === 1 ? "stays" : "stay"}, ${removedCount.toLocaleString("en-US")} ${removedCount === 1 ? "goes and frees" : "go and free"} ${formatBytes(freedBytes)}.`;
}

/** A day without its hour: "3 January", with the year when it is another one. */
export function dayName(at: Date, now: Date, timeZone?: string): string {
  const year = (date: Date) => new Intl.DateTimeFormat("en-GB", { timeZone, year: "numeric" }).format(date);
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    day: "numeric",
    month: "long",
    ...(year(at) === year(now) ? {} : { year: "numeric" }),
  }).format(at);
}

/** How long a stored backup stays: "Goes on 3 January", "Kept: pinned"; null where nobody can know. */
export function stayWords(
  { expiresAt, pinned }: { readonly expiresAt: string | null; readonly pinned: boolean },
  now: Date,
): string | null {
  if (pinned) return "Kept: pinned";
  if (expiresAt === null) return null;
  const at = new Date(expiresAt);
  return at <= now ? "Goes at the next cleanup" : `Goes on ${dayName(at, now)}`;
}

/** What a choice of the verdicts comes to. */
export function summed(verdicts: readonly Pick<Verdict, "keep" | "backup">[]): Pick<Preview, "keptCount" | "removedCount" | "freedBytes"> {
  const going = verdicts.filter(({ keep }) => !keep);
  return {
    keptCount: verdicts.length - going.length,
    removedCount: going.length,
    freedBytes: going.reduce((sum, { backup }) => sum + (backup.storedSize ?? 0), 0),
  };
}

/** What goes first, then the newest first. */
export const goingFirst = <T extends { readonly keep: boolean; readonly backup: { readonly createdAt: string } }>(
  list: readonly T[],
): T[] => list.toSorted((a, b) => Number(a.keep) - Number(b.keep) || b.backup.createdAt.localeCompare(a.backup.createdAt));

/** The mark of a backup under retention: one that goes is struck through, whatever it was; null leaves the usual mark. */
export const verdictShape = (verdict: Pick<Verdict, "keep"> | undefined): MarkShape | null => (verdict?.keep === false ? "slash" : null);

/** What the tip of the line adds: "Stays: newest good one, the week's". */
export function describeVerdict(verdict: Verdict | undefined, now: Date): string | null {
  if (!verdict) return null;
  const stays = verdict.keep && !verdict.backup.pinned ? stayWords({ expiresAt: verdict.expiresAt, pinned: false }, now) : null;
  return `${verdict.keep ? "Stays" : "Goes"}: ${reasonsWord(verdict.reasons)}${stays ? `; ${stays.toLowerCase()}` : ""}`;
}

/** The days that a line has to reach back to show all of these. */
export function spanOf(points: readonly { readonly createdAt: string }[], now: Date): number {
  const oldest = points.reduce((least, { createdAt }) => Math.min(least, new Date(createdAt).getTime()), now.getTime());
  return Math.max(1, Math.ceil(((now.getTime() - oldest) / 86_400_000) * 1.04));
}
