import { randomInt } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import { limits } from "../../shared/limits.ts";
import { badInput } from "../domain/errors.ts";

/** Argon2id at the least that OWASP recommends: 19 MiB, two passes, one thread. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

// The same password typed on another keyboard may arrive as other code points.
const normalised = (password: string) => password.normalize("NFKC");

/** The password's hash, with its salt and cost; some 20 ms of one core. */
export const hashPassword = (password: string): Promise<string> => hash(normalised(password), cost);

/** Whether `password` is the one that `hashed` came from. A text that is no hash matches nothing. */
export const passwordMatches = (hashed: string, password: string): Promise<boolean> =>
  verify(hashed, normalised(password)).catch(() => false);

/** Throws BAD_USER_INPUT unless it has 12 to 128 characters. */
export function checkPassword(password: string): void {
  const { passwordMinimum: least, passwordMaximum: most } = limits;
  if (password.length < least)
    throw badInput(`The password is shorter than ${least} characters.`, "A few words that do not belong together are easy to keep.");
  if (password.length > most) throw badInput(`The password is longer than ${most} characters.`);
}

const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

/** A password to show once: 24 characters without look-alikes, in groups; some 118 random bits. */
export const generatePassword = (): string =>
  Array.from({ length: 4 }, () => Array.from({ length: 6 }, () => alphabet[randomInt(alphabet.length)]).join("")).join("-");
