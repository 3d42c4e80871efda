import type { OperationKind } from "../../shared/enums.ts";
import type { OperationId, SourceId } from "./ids.ts";

/** An operation that waits to begin, or runs. `source` is what it works on: a restore's target. */
export interface Contender {
  readonly id: OperationId;
  readonly kind: OperationKind;
  readonly source: SourceId;
}

/** How many operations may run at once. */
export interface Places {
  /** In all. */
  readonly total: number;
  /** Backups and restores on one source; verifications and copies use storages alone, and have half of all places at most. */
  readonly perSource: number;
}

/** When each source last had its turn, as a number that grows; a source that is not named had none yet. */
export type Turns = ReadonlyMap<SourceId, number>;

/**
 * Which of those that wait, the oldest first, may begin beside those that run: a restore before anything else, since
 * somebody waits for it; then the source with the fewest under way and of those the one whose last turn is longest ago.
 */
export function nextToBegin<T extends Contender>(waiting: readonly T[], running: readonly Contender[], turns: Turns, places: Places): T[] {
  const chosen: T[] = [];
  const left = new Set(waiting);
  const underWay = new Map<SourceId, number>();
  const holding = new Map<SourceId, number>();
  const lastTurn = new Map(turns);
  let beside = 0;
  let turn = Math.max(0, ...turns.values());
  const take = (one: Contender) => {
    underWay.set(one.source, (underWay.get(one.source) ?? 0) + 1);
    if (holdsSource(one)) holding.set(one.source, (holding.get(one.source) ?? 0) + 1);
    else beside += 1;
  };
  const rankOf = (one: Contender) => [one.kind === "RESTORE" ? 0 : 1, underWay.get(one.source) ?? 0, lastTurn.get(one.source) ?? 0];
  const mayBegin = (one: Contender) =>
    holdsSource(one) ? (holding.get(one.source) ?? 0) < places.perSource : beside < Math.max(1, Math.floor(places.total / 2));
  for (const one of running) take(one);
  while (running.length + chosen.length < places.total) {
    let first: T | null = null;
    for (const one of left) if (mayBegin(one) && (!first || isBefore(rankOf(one), rankOf(first)))) first = one;
    if (!first) break;
    chosen.push(first);
    left.delete(first);
    take(first);
    turn += 1;
    lastTurn.set(first.source, turn);
  }
  return chosen;
}

/** Whether it takes one of its source's places. */
export const holdsSource = ({ kind }: Pick<Contender, "kind">): boolean => kind !== "VERIFICATION" && kind !== "COPY";

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const index = one.findIndex((value, place) => value !== other[place]);
  return index >= 0 && (one[index] ?? 0) < (other[index] ?? 0);
}
