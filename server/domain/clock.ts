/** What is known of the wall clock. Instants are ISO texts: this is stored. */
export interface ClockNote {
  readonly seenAt: string;
  /** Since when, and why, nothing is deleted by itself; null when the clock is trusted. */
  readonly pausedAt: string | null;
  readonly reason: string | null;
  /** Backups up to this instant may lie in the future: an administrator has said so. */
  readonly trustedUntil: string | null;
  /** Why nothing is deleted by itself until an administrator says so, whatever the clock does; left out where nothing is. */
  readonly held?: string | null;
}

const minute = 60_000;
const hour = 60 * minute;
const backward = 5 * minute;
const forwardWhileRunning = hour;
const forwardWhileStopped = 36 * hour;
/** Clocks of several machines differ a little. */
const ahead = 5 * minute;
const steadyFor = 24 * hour;

/**
 * What is known of the clock now. `expected` is what it would show had nobody set it, null where this process has not looked
 * before; `newestBackup` the latest instant that a backup bears.
 */
export function clockAfter(before: ClockNote | null, now: Date, expected: number | null, newestBackup: Date | null): ClockNote {
  const seenAt = now.toISOString();
  const [trustedUntil, held] = [before?.trustedUntil ?? null, before?.held ?? null];
  const reason = jumpOf(before, now, expected) ?? futureOf(newestBackup, now, trustedUntil);
  if (reason !== null) return { seenAt, trustedUntil, held, pausedAt: seenAt, reason };
  if (before?.pausedAt && now.getTime() - Date.parse(before.pausedAt) < steadyFor) return { ...before, seenAt };
  return { seenAt, trustedUntil, held, pausedAt: null, reason: null };
}

/** Why nothing is deleted by itself, as a sentence; null when nothing is in its way. */
export function pauseOf({ pausedAt, reason, held }: ClockNote): string | null {
  if (held) return `${held} Nothing is deleted by itself until an administrator lets it go on.`;
  return pausedAt === null ? null : `${reason} Nothing is deleted by itself until the clock has been steady for 24 hours.`;
}

/** The same clock, once an administrator has said that it is right. */
export const resumed = (note: ClockNote, newestBackup: Date | null): ClockNote => ({
  ...note,
  pausedAt: null,
  reason: null,
  held: null,
  trustedUntil: newestBackup && newestBackup.toISOString() > note.seenAt ? newestBackup.toISOString() : note.trustedUntil,
});

function jumpOf(before: ClockNote | null, now: Date, expected: number | null): string | null {
  const seen = before ? Date.parse(before.seenAt) : null;
  const reference = expected ?? seen;
  if (reference === null) return null;
  const difference = now.getTime() - reference;
  const backBy = Math.max(-difference, seen === null ? 0 : seen - now.getTime());
  if (backBy > backward) return `The clock of this machine went back by ${spanOf(backBy)}.`;
  if (difference > (expected === null ? forwardWhileStopped : forwardWhileRunning))
    return expected === null
      ? `The clock of this machine is ${spanOf(difference)} later than when Holdfast last ran.`
      : `The clock of this machine jumped ahead by ${spanOf(difference)}.`;
  return null;
}

function futureOf(newestBackup: Date | null, now: Date, trustedUntil: string | null): string | null {
  if (!newestBackup || newestBackup.getTime() - now.getTime() <= ahead) return null;
  if (trustedUntil !== null && newestBackup.toISOString() <= trustedUntil) return null;
  return `A backup lies ${spanOf(newestBackup.getTime() - now.getTime())} in the future.`;
}

function spanOf(milliseconds: number): string {
  const hours = milliseconds / hour;
  if (hours < 2) return `${Math.round(milliseconds / minute)} minutes`;
  return hours < 72 ? `${Math.round(hours)} hours` : `${Math.round(hours / 24)} days`;
}
