/** A part of a whole, 0 to 1; null of nothing. */
export const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);

/** How old what is of `at` is, in seconds; null where there is none. */
export const ageSeconds = (at: Date | null, now: Date): number | null => at && Math.max(0, (now.getTime() - at.getTime()) / 1000);

/** The target in force, in seconds: the source's own, else the settings'; 0 hours or none is no target. */
export function targetSeconds(own: number | null, general: number | null): number | null {
  const hours = own ?? general;
  return hours ? hours * 3600 : null;
}

/** Whether an age is within its target; null without a target, false where there is nothing that has an age. */
export const withinTarget = (age: number | null, target: number | null): boolean | null =>
  target === null ? null : age !== null && age <= target;

/** Each storage's or source's bytes at the end of each day, from what is kept now backwards. `moved` are the changes of each day. */
export function totalsBackwards(keptNow: number, moved: readonly number[]): number[] {
  const totals: number[] = [];
  let total = keptNow;
  for (const change of [...moved].reverse()) {
    totals.push(total);
    total -= change;
  }
  return totals.reverse();
}
