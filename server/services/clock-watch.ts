import { newestBackupCreatedAt } from "../db/cleanups.ts";
import type { Db } from "../db/client.ts";
import { changeMark, readMark, writeMark } from "../db/marks.ts";
import { type Actor, allow } from "../domain/access.ts";
import { type ClockNote, clockAfter, pauseOf, resumed } from "../domain/clock.ts";
import type { Audit } from "./audit.ts";

interface Dependencies {
  readonly db: Db;
  readonly audit: Audit;
  readonly now: () => Date;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
}

export type ClockWatch = ReturnType<typeof createClockWatch>;

/**
 * Watches the wall clock, because age is what deletes: after a jump nothing is deleted by itself until the clock has been
 * steady for a day, or an administrator says that it is right.
 */
export function createClockWatch({ db, audit, now, monotonic }: Dependencies) {
  let last: { readonly wall: number; readonly steady: number } | null = null;

  /** Compares the clock with what it was when last seen, and writes it down. */
  async function observe(): Promise<ClockNote> {
    const [at, steady] = [now(), monotonic()];
    const expected = last ? last.wall + (steady - last.steady) : null;
    last = { wall: at.getTime(), steady };
    const newest = await newestBackupCreatedAt(db);
    return changeMark<ClockNote>(db, mark, (before) => clockAfter(before, at, expected, newest));
  }

  return {
    /** Looks at the clock; to be called every minute and before anything is deleted by itself. Why deletion is paused, if it is. */
    observe: async (): Promise<string | null> => pauseOf(await observe()),

    /** Why deletion is paused; null when it is not. */
    async state(): Promise<{ readonly paused: string | null }> {
      const note = await readMark<ClockNote>(db, mark);
      return { paused: note && pauseOf(note) };
    },

    /** Nothing is deleted by itself from now on, for this reason, until an administrator says so. */
    async hold(reason: string): Promise<void> {
      await observe();
      await changeMark<ClockNote | null>(db, mark, (note) => note && { ...note, held: reason });
    },

    /** Deletion goes on although the clock jumped. False when it was not paused. */
    async resume(actor: Actor | null): Promise<boolean> {
      allow(actor, "cleanup");
      const note = await observe();
      const reason = pauseOf(note);
      if (reason === null) return false;
      await writeMark(db, mark, resumed(note, await newestBackupCreatedAt(db)));
      await audit.record(actor, "cleanup.resume", null, { reason });
      return true;
    },
  };
}

const mark = "clock";
