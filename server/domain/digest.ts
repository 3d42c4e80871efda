import { digestHtml } from "./digest-html.ts";
import { dayName, factsOf, type Week } from "./digest-week.ts";
import type { Message } from "./notification.ts";
import { oneLine } from "./notification-words.ts";
import { dueBetween } from "./schedule/due-times.ts";

/** The newest time at which a digest was due: the day at 08:00, in the zone. */
export function digestDue(dayOfWeek: number, timeZone: string, now: Date): Date | null {
  const recurrence = { frequency: "WEEKLY", timeOfDay: "08:00", dayOfWeek, dayOfMonth: null, cron: null, timeZone } as const;
  return dueBetween(recurrence, new Date(now.getTime() - 8 * 24 * 3_600_000), now, 3).at(-1) ?? null;
}

/** The week as one message: a picture in HTML, and the same in words. */
export function digestMessage(week: Week): Message {
  return {
    event: "DIGEST",
    severity: week.attention.length > 0 ? "attention" : "good",
    title: titleOf(week),
    text: textOf(week),
    facts: [],
    path: "/",
    at: week.at.toISOString(),
    html: digestHtml(week),
  };
}

function titleOf({ sources, attention }: Week): string {
  if (attention.length === 1) return oneLine(`Your week in backups: ${attention[0]}`, 200);
  if (attention.length > 1) return `Your week in backups: ${attention.length} things need attention`;
  const whole = sources.every(({ days }) => days.every(({ state }) => state === "proven" || state === "stored"));
  return `Your week in backups: ${whole && sources.length > 0 ? "backed up every day" : "nothing needs attention"}`;
}

function textOf({ at, sources, attention }: Week): string {
  const lines = [
    attention.length > 0 ? "What needs attention:" : "Nothing needs attention.",
    ...attention.map((title) => `- ${oneLine(title, 200)}`),
  ];
  for (const source of sources) {
    const days = source.days.map(
      ({ name, state, failures }) => `${dayName(name)} ${state}${failures > 0 && state !== "failed" ? ` (${failures} failed)` : ""}`,
    );
    lines.push("", oneLine(source.name), days.join(", "), ...factsOf(source, at).map(([name, value]) => `${name}: ${value}`));
  }
  if (sources.length === 0) lines.push("", "There is no source yet: nothing is backed up.");
  return lines.join("\n");
}
