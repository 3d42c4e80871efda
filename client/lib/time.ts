const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const count = (value: number, unit: string) => `${value} ${unit}${value === 1 ? "" : "s"}`;

/** How long ago, or how far ahead, in one unit: "just now", "6 hours ago", "in 3 days". */
export function relativeTime(at: Date, now: Date): string {
  const distance = now.getTime() - at.getTime();
  const span = Math.abs(distance);
  // Also a little ahead: what has just begun may bear a later time than a clock that steps, or than this device.
  if (span < 45_000) return "just now";
  const text = ageInWords(span / 1000);
  return distance >= 0 ? `${text} ago` : `in ${text}`;
}

/** A span in one unit for a sentence: 3_700 seconds is "1 hour", 200_000 is "2 days". */
export function ageInWords(seconds: number): string {
  const span = seconds * 1000;
  if (span < 45_000) return count(Math.max(1, Math.round(seconds)), "second");
  if (span < 59.5 * minute) return count(Math.max(1, Math.round(span / minute)), "minute");
  if (span < 36 * hour) return count(Math.max(1, Math.round(span / hour)), "hour");
  if (span < 60 * day) return count(Math.round(span / day), "day");
  if (span < 700 * day) return count(Math.round(span / (30.44 * day)), "month");
  return count(Math.round(span / (365.25 * day)), "year");
}

/** A target as a person says it: hours, or whole days of them. */
export function targetInWords(seconds: number): string {
  const hours = Math.round(seconds / 3600);
  return hours >= 48 && hours % 24 === 0 ? count(hours / 24, "day") : count(hours, "hour");
}

const parts = (at: Date, timeZone: string | undefined, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { timeZone, ...options }).format(at);

const dayKey = (at: Date, timeZone?: string) => parts(at, timeZone, { year: "numeric", month: "2-digit", day: "2-digit" });

/** "03:00" on a 24-hour clock. */
export const clockTime = (at: Date, timeZone?: string): string => parts(at, timeZone, { hour: "2-digit", minute: "2-digit" });

/** "18 Nov", or "18 Nov 2025" in another year than `now`. */
export function shortDate(at: Date, now: Date, timeZone?: string): string {
  const sameYear = parts(at, timeZone, { year: "numeric" }) === parts(now, timeZone, { year: "numeric" });
  return parts(at, timeZone, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) });
}

/** A moment inside a sentence: "03:00 today", "22:10 yesterday", "03:00 tomorrow", "03:00 on Wed 18 Nov", "18 Nov 2025". */
export function momentName(at: Date, now: Date, timeZone?: string): string {
  const key = dayKey(at, timeZone);
  if (key === dayKey(now, timeZone)) return `${clockTime(at, timeZone)} today`;
  if (key === dayKey(new Date(now.getTime() - day), timeZone)) return `${clockTime(at, timeZone)} yesterday`;
  if (key === dayKey(new Date(now.getTime() + day), timeZone)) return `${clockTime(at, timeZone)} tomorrow`;
  if (Math.abs(now.getTime() - at.getTime()) < 300 * day) {
    const weekday = parts(at, timeZone, { weekday: "short" });
    return `${clockTime(at, timeZone)} on ${weekday} ${shortDate(at, now, timeZone)}`;
  }
  return shortDate(at, now, timeZone);
}

/** The exact instant with its zone, for a tooltip. */
export const exactTime = (at: Date, timeZone?: string): string =>
  parts(at, timeZone, {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });

/** An estimate that claims no more than it knows: "about 20 seconds", "about 4 minutes", "about 2 hours". */
export function roughDuration(seconds: number): string {
  if (seconds < 10) return "a few seconds";
  if (seconds < 55) return `about ${Math.round(seconds / 10) * 10} seconds`;
  if (seconds < 90) return "about a minute";
  if (seconds < 55 * 60) return `about ${Math.round(seconds / 60)} minutes`;
  if (seconds < 90 * 60) return "about an hour";
  return `about ${Math.round(seconds / 3600)} hours`;
}
