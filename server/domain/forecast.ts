import type { Compression } from "../../shared/enums.ts";
import type { Part } from "./manifest.ts";

/** A part as an earlier backup of the same source stored it. */
export interface PastPart {
  readonly part: Part;
  readonly compression: Compression;
  /** Uncompressed bytes. */
  readonly size: number;
  readonly storedSize: number;
  /** Where it shares packs with others: what it brought, and whether it built on an earlier one; null: it shares nothing. */
  readonly shared: { readonly addedSize: number; readonly builds: boolean } | null;
}

/** A part that is about to be stored; `measured`: the uncompressed bytes that it will give, null where nobody could tell. */
export interface ComingPart {
  readonly part: Part;
  readonly compression: Compression;
  readonly measured: number | null;
  /** What an earlier backup holds of it is not stored again. */
  readonly builds?: boolean;
}

/** What a storage lacks for a backup. */
export interface Shortage {
  readonly needed: number;
  readonly free: number;
  readonly keptFree: number;
}

const gibibyte = 1024 ** 3;
/** A forecast is off by a little, and lists and manifests come on top. */
const margin = 1.05;
const beside = 1024 * 1024;
/** Stored bytes for each uncompressed one, where nothing is known of the source: rather too many than too few. */
const usualRatio: Readonly<Record<Part, Readonly<Record<Compression, number>>>> = {
  database: { NONE: 1, GZIP: 0.4, ZSTD: 0.35 },
  // Pictures and films hardly become smaller.
  media: { NONE: 1, GZIP: 1, ZSTD: 1 },
};
/** Growth is taken from so many backups. */
const growthOf = 5;
/** What changes from one incremental backup to the next, against the most that did so far. */
const changeMargin = 1.5;
/** What changes where nothing is known of that yet, of all that there is. */
const usualChange = 0.1;

/**
 * The bytes that a backup will take on a storage. `past` are the parts of the source's earlier backups, newest first: what is
 * measured now is stored as the last one like it was; what cannot be measured is as large as the last one, and grows as it grew.
 * Null where nothing is known.
 */
export function forecastBytes(coming: readonly ComingPart[], past: readonly PastPart[]): number | null {
  const parts = coming.map((part) => forecastPart(part, past));
  const known = parts.filter((bytes) => bytes !== null);
  if (known.length === 0) return null;
  return Math.ceil(known.reduce((sum, bytes) => sum + bytes, 0) * margin) + beside;
}

function forecastPart(coming: ComingPart, past: readonly PastPart[]): number | null {
  const { part, compression, measured } = coming;
  if (coming.builds) return forecastChange(coming, past);
  const like = past.filter((one) => one.part === part && one.compression === compression && one.shared === null);
  const [last] = like;
  if (measured !== null) return measured * (last && last.size > 0 ? last.storedSize / last.size : usualRatio[part][compression]);
  return last ? last.storedSize + growthOver(like.slice(0, growthOf)) : null;
}

/** What is new is stored: as much as there is more of it now, and what changes of the rest. */
function forecastChange({ part, measured }: ComingPart, past: readonly PastPart[]): number | null {
  const like = past.filter((one) => one.part === part && one.shared !== null);
  const grown = Math.max(0, (measured ?? 0) - (like[0]?.size ?? 0));
  const changes = like.flatMap(({ shared }) => (shared?.builds ? [shared.addedSize] : [])).slice(0, growthOf);
  if (changes.length > 0) return Math.max(...changes) * changeMargin + grown;
  return measured === null ? null : measured * usualChange + grown;
}

/** By how much each was larger than the one before it, as the median: one large import is not a habit. */
function growthOver(newestFirst: readonly PastPart[]): number {
  const steps = newestFirst.slice(0, -1).map((one, index) => one.storedSize - (newestFirst[index + 1]?.storedSize ?? one.storedSize));
  const sorted = steps.toSorted((a, b) => a - b);
  return Math.max(0, sorted[Math.floor((sorted.length - 1) / 2)] ?? 0);
}

/**
 * What is kept free on a storage, so that a full disk stops neither Holdfast's own catalog nor whatever else lives there: 5 % of
 * it, and never more than 1 GiB. Of one that does not tell its size, 5 % of what is free.
 */
export const keptFree = (free: number, total: number | null): number => Math.min(gibibyte, Math.floor((total ?? free) * 0.05));

/** What is short for so many bytes; null when there is room, or nobody can tell. */
export function shortageOf(needed: number | null, free: number | null, total: number | null): Shortage | null {
  if (free === null) return null;
  const floor = keptFree(free, total);
  return (needed ?? 0) > free - floor ? { needed: needed ?? 0, free, keptFree: floor } : null;
}
