import { InvalidArgumentError, Option } from "commander";
import { databaseEngines, mediaModes } from "../../shared/enums.ts";
import { limits } from "../../shared/limits.ts";

/** One of an enumeration's words, written in lower case. */
export const choice = (flags: string, description: string, words: readonly string[]) =>
  new Option(flags, description).choices(words.map((word) => word.toLowerCase()));

export const json = () => new Option("--json", "print the result as one JSON object");

/** A page's size: a whole number from 1 to the most that are given at once. */
export const pageSize = (text: string) => wholeNumber(1, limits.pageSize)(text);

/** A whole number between two, both included. */
export const wholeNumber = (least: number, most: number) => (text: string) => {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (number < least || number > most) throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  return number;
};

/** A limit that `none` takes away. Commander would take null for an option without a value. */
export type OrNone = number | "none";
export const limitOf = (given: OrNone): number | null => (given === "none" ? null : given);

/** A whole number of bytes, or none. */
export function bytesOrNone(text: string): OrNone {
  if (text === "none") return text;
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It is a whole number of bytes, or none.");
  return Number(text);
}

/** A whole number between two, both included, or none. */
export const wholeNumberOrNone =
  (least: number, most: number) =>
  (text: string): OrNone =>
    text === "none" ? text : wholeNumber(least, most)(text);

/** How a database is read. */
export const engine = (description: string) => choice("--engine <engine>", description, databaseEngines);

/** How media are kept. */
export const mediaMode = (description: string) => choice("--media-mode <mode>", description, mediaModes);

/** Examples below a command's help. */
export const examples = (...lines: readonly string[]) => `\nExamples:\n${lines.map((line) => `  npx holdfast ${line}\n`).join("")}`;

/** For an option that may be given several times. */
export const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
