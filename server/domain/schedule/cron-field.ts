import { Failure } from "../errors.ts";

/** One of the five fields of a cron expression. */
export interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names for the values from `min` on. */
  readonly names: readonly string[];
}

export const fields = {
  minute: { name: "minute", min: 0, max: 59, names: [] },
  hour: { name: "hour", min: 0, max: 23, names: [] },
  dayOfMonth: { name: "day of the month", min: 1, max: 31, names: [] },
  month: {
    name: "month",
    min: 1,
    max: 12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  /** 7 is Sunday too. */
  dayOfWeek: { name: "day of the week", min: 0, max: 7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
} as const satisfies Record<string, Field>;

/** The values that `text` names in this field, in order, Sunday being 0; CRON_INVALID where it names none. */
export function valuesOf(field: Field, text: string): readonly number[] {
  const values = text.split(",").flatMap((item) => valuesOfItem(field, item));
  const folded = field.max === fields.dayOfWeek.max ? values.map((value) => value % 7) : values;
  return [...new Set(folded)].sort((a, b) => a - b);
}

function valuesOfItem(field: Field, item: string): number[] {
  const [, from = "", to, step] = /^(\*|[0-9a-z]+)(?:-([0-9a-z]+))?(?:\/([0-9]{1,2}))?$/i.exec(item) ?? [];
  if (!from || (from === "*" && to !== undefined)) throw refused(field, item);
  if (from !== "*" && to === undefined && step !== undefined)
    throw refused(field, item, `A step needs a range: \`*/${step}\`, or \`${from}-${field.max}/${step}\`.`);
  const first = from === "*" ? field.min : numberOf(field, from, item);
  const last = from === "*" ? field.max : numberOf(field, to ?? from, item);
  const every = step === undefined ? 1 : Number(step);
  if (every < 1 || every > field.max - field.min + 1) throw refused(field, item);
  if (last < first) throw refused(field, item, `A range goes upwards: \`${first}-${field.max},${field.min}-${last}\`.`);
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, index) => first + index * every);
}

function numberOf(field: Field, word: string, item: string): number {
  const named = field.names.indexOf(word.toLowerCase());
  const value = named >= 0 ? named + field.min : /^[0-9]{1,2}$/.test(word) ? Number(word) : Number.NaN;
  if (value >= field.min && value <= field.max) return value;
  throw refused(field, item);
}

const refused = ({ name, min, max }: Field, item: string, hint = "Five fields: minute, hour, day of month, month, day of week.") =>
  new Failure("BAD_USER_INPUT", `${JSON.stringify(item.slice(0, 40))} is no ${name} of a cron expression (${min} to ${max}).`, hint, {
    reason: "CRON_INVALID",
  });
