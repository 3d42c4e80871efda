import { availableParallelism } from "node:os";
import type { DatabaseEngine, MediaMode } from "../../shared/enums.ts";

/** What an operation may take of this machine and of the source's servers at most. */
export interface SourceLimits {
  /** Connections to the database, and threads that compress; null: as many as there are cores, and four at most. */
  readonly threads: number | null;
  /** Of the source's bytes, before they are compressed; null: no limit. */
  readonly bytesPerSecond: number | null;
  /** Its processes give way to all others, with the processor (nice) and with the disk (ionice). */
  readonly lowPriority: boolean;
}

/** What an operation asked of its source. */
export interface SourceLoad {
  /** Connections to the database at the same time, at most. */
  readonly connections: number;
  /** Statements that the server worked on at the same time, at most and on average, ours among them; null where it does not tell. */
  readonly busiest: number | null;
  readonly average: number | null;
  /** How long nobody could write; null where nothing was locked. */
  readonly lockMilliseconds: number | null;
  /** Uncompressed bytes each second, on average. */
  readonly bytesPerSecond: number;
}

/** What a source's server does at this moment, as far as it tells. */
export interface LoadNow {
  /** Statements that it works on, ours among them. */
  readonly statements: number;
  /** Statements that it was given each second since it was asked last; null the first time. */
  readonly perSecond: number | null;
}

/** How many connections and threads those limits allow. */
export const threadsOf = ({ threads }: SourceLimits): number => Math.max(1, threads ?? Math.min(availableParallelism(), usualThreads));

/** More than this on one source is asked for, never taken. */
const usualThreads = 4;

export const noLimits: SourceLimits = { threads: null, bytesPerSecond: null, lowPriority: false };

/** How a source's backups are taken, and what they may take, unless somebody says otherwise. */
export const usualOptions = {
  ...{ databaseEngine: "AUTO", mediaMode: "ARCHIVE" },
  ...{ threads: null, bytesPerSecond: null, lowPriority: true },
} as const satisfies SourceLimits & { readonly databaseEngine: DatabaseEngine; readonly mediaMode: MediaMode };
