/** With fewer days than this nothing can be said of growth. */
const fewestDays = 7;
/** Pairs grow with the square of the days, so long ranges are thinned out. */
const mostPoints = 200;
const longestForecastDays = 36_500;

/**
 * Bytes a day by which a storage grows: the median of the slopes between all pairs of days, so that a single large backup or one
 * great cleanup does not bend it. `totals` are the bytes at the end of each day; those before the first backup do not count.
 */
export function growthPerDay(totals: readonly number[]): number | null {
  const first = totals.findIndex((total) => total > 0);
  const known = first < 0 ? [] : totals.slice(first);
  if (known.length < fewestDays) return null;
  const step = Math.ceil(known.length / mostPoints);
  const points = known.flatMap((total, day) => ((known.length - 1 - day) % step === 0 ? [{ day, total }] : []));
  const slopes = points.flatMap((a, index) => points.slice(index + 1).map((b) => (b.total - a.total) / (b.day - a.day)));
  slopes.sort((a, b) => a - b);
  const [low, high] = [slopes[Math.floor((slopes.length - 1) / 2)] ?? 0, slopes[Math.floor(slopes.length / 2)] ?? 0];
  return (low + high) / 2;
}

/** When nothing is free any more if it goes on so; null where it does not grow, or not within a century. */
export function fullAt(now: Date, freeBytes: number | null, perDay: number | null): Date | null {
  if (freeBytes === null || perDay === null || perDay <= 0) return null;
  const days = freeBytes / perDay;
  return days > longestForecastDays ? null : new Date(now.getTime() + days * 86_400_000);
}
