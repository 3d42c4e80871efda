import { Cron } from "croner";
import { Failure } from "../errors.ts";
import { type Field, fields, valuesOf } from "./cron-field.ts";
import type { Wall } from "./zones.ts";

/** A cron expression, taken apart. */
export interface CronExpression {
  /** With single spaces, as it is kept. */
  readonly text: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 Sunday to 6 Saturday. */
  readonly daysOfWeek: readonly number[];
  /** The days that it names, on or after this one (midnights of local time); null when there are none. */
  dayFrom(day: Wall): Wall | null;
}

/** As much as the catalog's column holds. */
const longest = 200;
const example = "Five fields: minute, hour, day of month, month, day of week, such as `30 2 * * 1-5`.";

const invalid = (message: string, hint = example) => new Failure("BAD_USER_INPUT", message, hint, { reason: "CRON_INVALID" });

/** A cron expression as it is kept; refuses with CRON_INVALID, TOO_FREQUENT or, for a day that no month has, CRON_NEVER. */
export function checkedCron(expression: string): string {
  const { text, dayFrom } = readCron(expression);
  if (dayFrom(Date.UTC(2000, 0)) !== null) return text;
  throw new Failure("BAD_USER_INPUT", `No date matches \`${text}\`: it would never be due.`, "Choose a day that the month has.", {
    reason: "CRON_NEVER",
  });
}

/**
 * Reads the five fields of a crontab: numbers, names of months and weekdays, lists, ranges and steps. As in a crontab, where
 * both the day of the month and the weekday are given, either suffices, unless one of them begins with `*`: then both have to
 * hold. What cron programs have added differs from one to the next, so it is refused: nicknames, seconds, years, `L`, `W`,
 * `#` and `?`.
 */
export function readCron(expression: string): CronExpression {
  if (expression.length > longest) throw invalid(`A cron expression has at most ${longest} characters.`);
  const words = expression.trim().split(/[ \t]+/);
  const text = words.join(" ");
  if (text === "") throw invalid("The cron expression is empty.");
  if (text.startsWith("@")) throw invalid(`${JSON.stringify(text)} is a nickname that not every cron reads alike.`);
  const [first, ...rest] = words;
  if (words.length === 6 && first !== undefined && readsAs([fields.minute, ...standard], [first, ...rest]))
    throw new Failure("BAD_USER_INPUT", "Schedules go down to the minute; this has a field for seconds.", example, {
      reason: "TOO_FREQUENT",
    });
  if (words.length !== 5) throw invalid(`A cron expression has five fields; ${JSON.stringify(text)} has ${words.length}.`);
  const [minutes = [], hours = [], daysOfMonth = [], months = [], daysOfWeek = []] = standard.map((field, index) =>
    valuesOf(field, words[index] ?? ""),
  );
  let days: ((day: Wall) => Wall | null) | undefined;
  const dayFrom = (day: Wall) => {
    days ??= daysOf(words.slice(2));
    return days(day);
  };
  return { text, minutes, hours, daysOfMonth, months, daysOfWeek, dayFrom };
}

const standard: readonly Field[] = [fields.minute, fields.hour, fields.dayOfMonth, fields.month, fields.dayOfWeek];

function readsAs(wanted: readonly Field[], words: readonly string[]): boolean {
  try {
    wanted.forEach((field, index) => {
      valuesOf(field, words[index] ?? "");
    });
    return true;
  } catch {
    return false;
  }
}

/** Croner finds the days, in UTC, where no clock is ever changed. */
function daysOf(days: readonly string[]): (day: Wall) => Wall | null {
  const [dayOfMonth = "", , dayOfWeek = ""] = days;
  const cron = new Cron(`0 0 ${days.join(" ")}`, {
    paused: true,
    mode: "5-part",
    utcOffset: 0,
    domAndDow: dayOfMonth.startsWith("*") || dayOfWeek.startsWith("*"),
  });
  return (day) => cron.nextRun(new Date(day - 1000))?.getTime() ?? null;
}
