import type { DatabaseEngine, MediaMode } from "../../shared/enums.ts";
import { formatBytes } from "../../shared/format.ts";
import { limits } from "../../shared/limits.ts";
import type { SourceRow } from "../db/sources.ts";
import { badInput } from "../domain/errors.ts";
import type { SourceLimits } from "../domain/source-load.ts";

/** How a source's backups are taken, and what they may take of it. What is left out stays as it was. */
export interface SourceOptionsRequest {
  readonly databaseEngine?: DatabaseEngine | null;
  readonly mediaMode?: MediaMode | null;
  /** Null: as many as there are cores, and four at most. */
  readonly threads?: number | null;
  /** Null: no limit. */
  readonly bytesPerSecond?: number | null;
  readonly lowPriority?: boolean | null;
}

/** What of it was given. */
export interface SourceOptions {
  readonly databaseEngine?: DatabaseEngine;
  readonly mediaMode?: MediaMode;
  readonly threads?: number | null;
  readonly bytesPerSecond?: number | null;
  readonly lowPriority?: boolean;
}

/** What a backup of the source may take. */
export const limitsOf = ({ threads, bytesPerSecond, lowPriority }: SourceRow): SourceLimits => ({ threads, bytesPerSecond, lowPriority });

/** What a restore into it may take, or a drill: nobody wants to wait for these for the sake of a limit on what is read. */
export const loadLimitsOf = (source: SourceRow): SourceLimits => ({ ...limitsOf(source), bytesPerSecond: null });

/** Refuses with BAD_USER_INPUT what can never work. */
export function checkSourceOptions(request: SourceOptionsRequest): SourceOptions {
  const { databaseEngine, mediaMode, threads, bytesPerSecond, lowPriority } = request;
  if (typeof threads === "number" && !(Number.isInteger(threads) && threads >= 1 && threads <= limits.threads))
    throw badInput(
      `A source's threads are a whole number from 1 to ${limits.threads}.`,
      "Null takes as many as there are cores, and four at most.",
    );
  if (typeof bytesPerSecond === "number" && !(Number.isSafeInteger(bytesPerSecond) && bytesPerSecond >= limits.slowestSource))
    throw badInput(
      `A source's bytes per second are a whole number, and at least ${formatBytes(limits.slowestSource)}.`,
      "Slower than that, a backup would hold its snapshot open for days. Null takes the limit away.",
    );
  return {
    ...(databaseEngine ? { databaseEngine } : {}),
    ...(mediaMode ? { mediaMode } : {}),
    ...(threads === undefined ? {} : { threads }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(typeof lowPriority === "boolean" ? { lowPriority } : {}),
  };
}
