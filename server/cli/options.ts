import { InvalidArgumentError, Option } from "commander";
import { limits } from "../../shared/limits.ts";

/** One of an enumeration's words, written in lower case. */
export const choice = (flags: string, description: string, words: readonly string[]) =>
  new Option(flags, description).choices(words.map((word) => word.toLowerCase()));

export const json = () => new Option("--json", "print the result as one JSON object");

/** A page's size: a whole number from 1 to the most that are given at once. */
export function pageSize(text: string): number {
  const size = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (size < 1 || size > limits.pageSize) throw new InvalidArgumentError(`It is a whole number from 1 to ${limits.pageSize}.`);
  return size;
}

/** Examples below a command's help. */
export const examples = (...lines: readonly string[]) => `\nExamples:\n${lines.map((line) => `  npx holdfast ${line}\n`).join("")}`;
