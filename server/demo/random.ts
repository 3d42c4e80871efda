/** A seeded source of chance: the same seed gives the same values on every machine and in every run. */
export interface Random {
  /** At least 0 and below 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True `probability` of the time. */
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** Like `pick`, but the first ones come up far more often than the last: what sells, and what is said, is never even. */
  favour<T>(choices: readonly T[]): T;
}

/** A Random for `seed`; give each table or picture its own, so that one growing leaves the others as they are. */
export function seeded(seed: string): Random {
  let state = hash(seed);
  const next = () => {
    // Mulberry32: 32 bits of state are plenty for a shop, and it is quick enough to paint with.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const at = <T>(choices: readonly T[], position: number): T => {
    const choice = choices[Math.floor(position * choices.length)];
    if (choice === undefined) throw new RangeError("There is nothing to choose from.");
    return choice;
  };
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    pick: (choices) => at(choices, next()),
    favour: (choices) => at(choices, next() ** 2.2),
  };
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value;
}
