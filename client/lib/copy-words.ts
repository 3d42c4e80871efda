import type { CopyState } from "../../shared/enums.ts";
import { formatCount } from "../../shared/format.ts";
import type { CopyPartsFragment } from "../graphql/generated.ts";
import type { MarkShape } from "./recovery-line.ts";
import { sentence } from "./text.ts";

type Copies = readonly Pick<CopyPartsFragment, "state" | "storage">[];

interface Look {
  readonly shape: MarkShape;
  readonly word: string;
  readonly tone: string;
}
const looks: Record<CopyState, Look> = {
  STORED: { shape: "ring", word: "Stored", tone: "text-ink-2" },
  WAITING: { shape: "waiting", word: "Still to be written", tone: "text-ink-2" },
  FAILED: { shape: "cross", word: "Not written", tone: "text-bad" },
  DELETING: { shape: "slash", word: "Being deleted", tone: "text-ink-3" },
};
const broken: Look = { shape: "broken", word: "Not whole, stored", tone: "text-bad" };

/** How a backup fares on one of its storages, as shape and word; one that was found damaged is no good one. */
export const copyLook = ({ state, problem }: Pick<CopyPartsFragment, "state" | "problem">): Look =>
  state === "STORED" && problem !== null ? broken : looks[state];

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

const hasGoodBeside = (copies: readonly CopyPartsFragment[], copy: CopyPartsFragment): boolean =>
  storedOn(copies).some((one) => one.storage.id !== copy.storage.id && one.problem === null);

/** Why one copy cannot be taken away; null when it can. */
export function removalFault(copies: readonly CopyPartsFragment[], copy: CopyPartsFragment): string | null {
  if (copy.state === "DELETING") return "It is being deleted already.";
  if (copy.state === "STORED" && !hasGoodBeside(copies, copy)) return "There is no other good one: delete the backup instead.";
  return null;
}

/** Whether the backup is read from here first: from the primary, unless that is damaged and another is not. */
export function isReadFirst(copies: readonly CopyPartsFragment[], copy: CopyPartsFragment): boolean {
  const stored = storedOn(copies).toSorted((one, other) => Number(other.primary) - Number(one.primary));
  const first = stored.find(({ problem }) => problem === null) ?? stored[0];
  return copies.length > 1 && copy.storage.id === first?.storage.id;
}

/** Whether it is damaged, and can be made anew from another storage. */
export const isRepairable = (copies: readonly CopyPartsFragment[], copy: CopyPartsFragment): boolean =>
  copy.state === "STORED" && copy.problem !== null && hasGoodBeside(copies, copy);
