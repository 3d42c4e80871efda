import { formatDuration } from "../../shared/format.ts";

/** An instant of the API for a table, in UTC to the minute; empty for none. */
export const when = (instant: string | null | undefined): string => (instant ? instant.slice(0, 16).replace("T", " ") : "");

/** How long ago an instant was, or how far off it is. */
export function relative(instant: string | null | undefined, now: Date): string {
  if (!instant) return "never";
  const seconds = Math.round((Date.parse(instant) - now.getTime()) / 1000);
  if (Math.abs(seconds) < 5) return "now";
  return seconds < 0 ? `${formatDuration(-seconds)} ago` : `in ${formatDuration(seconds)}`;
}
