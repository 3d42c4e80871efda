/** The first wait, which doubles from one failed attempt to the next. */
const firstMinutes = 10;
/** No longer than this, so that a storage that is back is used the same day; at most eight attempts a day follow from both. */
const longestMinutes = 4 * 60;

/** When a copy that failed so often is made by itself again. */
export const copyRetryAt = (attempts: number, now: Date): Date =>
  new Date(now.getTime() + Math.min(firstMinutes * 2 ** Math.max(0, attempts - 1), longestMinutes) * 60_000);
