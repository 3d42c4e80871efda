import type { CopyState } from "../../shared/enums.ts";
import { formatCount } from "../../shared/format.ts";
import type { CopyPartsFragment } from "../graphql/generated.ts";
import type { MarkShape } from "./recovery-line.ts";
import { sentence } from "./text.ts";

type Copies = readonly Pick<CopyPartsFragment, "state" | "storage">[];

/** How a backup fares on one of its storages, as shape and word. */
export const copyShape: Record<CopyState, MarkShape> = { STORED: "ring", WAITING: "waiting", FAILED: "cross", DELETING: "slash" };
export const copyWord: Record<CopyState, string> = {
  STORED: "Stored",
  WAITING: "Still to be copied",
  FAILED: "Not copied",
  DELETING: "Being deleted",
};
export const copyTone: Record<CopyState, string> = {
  STORED: "text-ink-2",
  WAITING: "text-ink-2",
  FAILED: "text-bad",
  DELETING: "text-ink-3",
};

/** Where it lies now. */
export const storedOn = <T extends Copies[number]>(copies: readonly T[]): T[] => copies.filter(({ state }) => state === "STORED");

/** "This machine", "This machine and Offsite", "This machine, Offsite and 2 more"; the fallback where it lies nowhere yet. */
export function placesWords(copies: Copies, fallback: string): string {
  const names = storedOn(copies).map(({ storage }) => storage.name);
  const [first = fallback, second, third] = names;
  if (second === undefined) return first;
  if (third === undefined) return `${first} and ${second}`;
  return names.length === 3 ? `${first}, ${second} and ${third}` : `${first}, ${second} and ${names.length - 2} more`;
}

/** The mark of a list: "on 2 storages"; null where it lies on one and is to lie on no other. */
export function copiesMark(copies: Copies): { readonly count: number; readonly words: string; readonly lacking: boolean } | null {
  const count = storedOn(copies).length;
  const owed = copies.filter(({ state }) => state === "WAITING" || state === "FAILED").length;
  if (copies.length < 2 || count === 0) return null;
  const words = `on ${formatCount(count, "storage")}`;
  return { count, lacking: owed > 0, words: owed > 0 ? `${words} of ${count + owed}` : words };
}

/** What keeps a copy from being made or from going, as a sentence; null where nothing does. */
export const copyProblem = ({ problem }: Pick<CopyPartsFragment, "problem">): string | null => (problem ? sentence(problem) : null);

/** Why one copy cannot be taken away; null when it can. */
export function removalFault(copies: readonly CopyPartsFragment[], copy: CopyPartsFragment): string | null {
  if (copy.state === "DELETING") return "It is being deleted already.";
  if (copy.state === "STORED" && storedOn(copies).length === 1) return "It is the only one: delete the backup instead.";
  return null;
}
