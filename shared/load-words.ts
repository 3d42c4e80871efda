import type { DatabaseEngine, MediaMode } from "./enums.ts";
import { formatBytes, formatCount } from "./format.ts";

interface Load {
  readonly connections: number;
  readonly busiest: number | null;
  readonly average: number | null;
  readonly lockMilliseconds: number | null;
  readonly bytesPerSecond: number;
}

/** "On the server now: 3 statements, 140 a second", while it is read. */
export function describeLoadNow({ statements, perSecond }: { readonly statements: number; readonly perSecond: number | null }): string {
  const running = statements === 0 ? "no statement" : formatCount(statements, "statement");
  return `On the server now: ${running}${perSecond === null ? "" : `, ${Math.round(perSecond).toLocaleString("en-US")} a second`}`;
}

/** What a backup asked of its source, as parts of a sentence: of the log, of the command line and of its page. */
export function describeLoad({ connections, busiest, average, lockMilliseconds, bytesPerSecond }: Load): string {
  return [
    formatCount(connections, "connection"),
    `${formatBytes(bytesPerSecond)} a second`,
    ...(busiest === null ? [] : [busyWords(busiest, average)]),
    lockMilliseconds === null ? "nothing was locked" : `writers waited for ${lockWords(lockMilliseconds)}`,
  ].join(", ");
}

function busyWords(busiest: number, average: number | null): string {
  if (busiest === 0) return "no statement ran on the server when it was asked";
  return `at most ${formatCount(busiest, "statement")} at once on the server${averaged(average)}`;
}

/** How long nobody could write. */
export const lockWords = (milliseconds: number): string =>
  milliseconds < 1 ? "less than 1 ms" : milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

const averaged = (average: number | null) => (average === null ? "" : `, ${average.toFixed(1)} on average`);

/** The engines in the words that people read. */
export const engineWords: Readonly<Record<DatabaseEngine, string>> = {
  AUTO: "chosen by itself",
  MYSQLDUMP: "by the dump program",
  PARALLEL: "by several connections",
};

/** The ways to keep media, likewise. */
export const mediaWords: Readonly<Record<MediaMode, string>> = {
  ARCHIVE: "as one archive",
  INCREMENTAL: "incrementally",
};
