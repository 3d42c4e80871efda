import { z } from "zod";
import { limits } from "../../shared/limits.ts";
import { badInput } from "../domain/errors.ts";

/** The name as it is kept: trimmed, on one line, at most 120 characters; otherwise BAD_USER_INPUT. `what` begins the message: "The token". */
export function checkedName(name: string, what: string): string {
  const trimmed = name.trim();
  if (!trimmed) throw badInput(`${what} needs a name.`);
  if (trimmed.length > limits.nameLength) throw badInput(`${what}'s name is longer than ${limits.nameLength} characters.`);
  if (/\p{Cc}/u.test(trimmed)) throw badInput(`${what}'s name holds a control character, such as a line break.`);
  return trimmed;
}

/** The address as it is kept, in lower case; otherwise BAD_USER_INPUT. It accepts what sign-in accepts. */
export function checkedEmail(email: string): string {
  const address = email.trim().toLowerCase();
  if (address.length > 255 || !z.email().safeParse(address).success)
    throw badInput("This is not an email address.", "Give one such as name@example.com.");
  return address;
}

/** One of `words`; otherwise BAD_USER_INPUT. */
export function checkedWord<Word extends string>(word: string, words: readonly Word[], what: string): Word {
  const found = words.find((each) => each === word);
  if (!found) throw badInput(`There is no ${what} ${JSON.stringify(word)}.`, `It is one of ${words.join(", ")}.`);
  return found;
}
