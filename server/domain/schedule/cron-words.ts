import { type CronExpression, readCron } from "./cron.ts";
import { listed, monthNames, timeText, weekdayNames } from "./day-words.ts";

/** A cron expression as a plain sentence where it has a common shape; else the expression itself. */
export function cronWords(expression: string): string {
  const cron = readCron(expression);
  const often = everyDay(cron) && cron.months.length === 12 ? frequent(cron) : null;
  if (often !== null) return often;
  const [days, times] = [dayWords(cron), timeWords(cron)];
  return days !== null && times !== null ? `${days} at ${times}` : `By the cron expression \`${cron.text}\``;
}

const everyDay = ({ daysOfMonth, daysOfWeek }: CronExpression) => daysOfMonth.length === 31 && daysOfWeek.length === 7;

function frequent({ minutes, hours }: CronExpression): string | null {
  const [minuteStep, hourStep] = [stepOf(minutes, 60), stepOf(hours, 24)];
  if (hours.length === 24 && minuteStep !== null && minutes[0] === 0 && minutes.length > 1)
    return minuteStep === 1 ? "Every minute" : `Every ${minuteStep} minutes`;
  if (minutes.length !== 1 || hourStep === null || hours.length < 5) return null;
  const past = minutes[0] === 0 ? "on the hour" : `${minutes[0]} ${minutes[0] === 1 ? "minute" : "minutes"} past the hour`;
  if (hourStep === 1) return `Every hour, ${past}`;
  return hours[0] === 0 ? `Every ${hourStep} hours, ${past}` : null;
}

/** The step between values that go round in `cycle` evenly; null when they do not. */
function stepOf(values: readonly number[], cycle: number): number | null {
  const step = cycle / values.length;
  return values.every((value, index) => value === (values[0] ?? 0) + index * step) ? step : null;
}

function timeWords({ minutes, hours }: CronExpression): string | null {
  const times = hours.flatMap((hour) => minutes.map((minute) => timeText(hour * 60 + minute)));
  return times.length <= 4 ? listed(times) : null;
}

function dayWords(cron: CronExpression): string | null {
  const { daysOfMonth, months, daysOfWeek } = cron;
  if (months.length < 12) return daysOfWeek.length === 7 ? dayOfYearWords(cron) : null;
  if (everyDay(cron)) return "Every day";
  if (daysOfMonth.length === 31) return weekdayWords(daysOfWeek);
  if (daysOfWeek.length < 7 || daysOfMonth.length > 4) return null;
  const some = daysOfMonth.some((day) => day > 28) ? " that has it" : "";
  return `On ${daysOfMonth.length > 1 ? "days" : "day"} ${listed(daysOfMonth.map(String))} of each month${some}`;
}

const dayOfYearWords = ({ daysOfMonth, months }: CronExpression) =>
  daysOfMonth.length === 1 && months.length <= 4
    ? `Every year on ${listed(months.map((month) => `${daysOfMonth[0]} ${monthNames[month - 1]}`))}`
    : null;

function weekdayWords(days: readonly number[]): string {
  if (days.join() === "1,2,3,4,5") return "From Monday to Friday";
  const names = days.map((day) => weekdayNames[day] ?? "");
  return names.length === 1
    ? `Every ${names[0]}`
    : `On ${listed([...names.slice(days[0] === 0 ? 1 : 0), ...(days[0] === 0 ? ["Sunday"] : [])])}`;
}
