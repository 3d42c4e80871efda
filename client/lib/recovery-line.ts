import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { BackupRowFragment, RunRowFragment } from "../graphql/generated.ts";
import { type ProofLevel, proofOf, proofWord } from "./proof.ts";
import { clockTime, momentName, relativeTime, shortDate } from "./time.ts";
import { statusWord, typeWord } from "./words.ts";

export type LinePoint = Pick<
  BackupRowFragment,
  | "id"
  | "name"
  | "status"
  | "type"
  | "pinned"
  | "createdAt"
  | "startedAt"
  | "storedSize"
  | "durationSeconds"
  | "error"
  | "provenAt"
  | "lastVerification"
>;

/** The shapes of the line, which stand for a status wherever one is shown. */
export type MarkShape =
  | "ring"
  | "filled"
  | "proven"
  | "broken"
  | "diamond"
  | "diamond-filled"
  | "diamond-proven"
  | "cross"
  | "slash"
  | "running"
  | "waiting"
  | "missed"
  | "skipped";

/** One backup on the line. `x` and the radius are in pixels; lane 0 is the line itself, higher lanes sit above it. */
export interface Dot {
  readonly id: string;
  readonly shape: MarkShape;
  readonly x: number;
  readonly radius: number;
  readonly lane: number;
  readonly point: LinePoint;
}
export interface Tick {
  readonly x: number;
  readonly label: string;
}
export interface Span {
  readonly now: Date;
  readonly days: number;
  /** Pixels from the oldest moment to now. */
  readonly width: number;
}

const dayMilliseconds = 86_400_000;

/** The spans to choose from, in days. */
export const lineSpans = [1, 14, 90] as const;

/** The span to begin with: one day while nothing can be older than that, else all would stand at its end. */
export function firstSpan(sources: readonly { readonly createdAt: string }[], now: Date): number {
  return sources.every(({ createdAt }) => now.getTime() - new Date(createdAt).getTime() < dayMilliseconds) ? 1 : 14;
}

/** A schedule as the line shows it: when it runs next, and what it missed. */
export interface LinePlan {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  readonly nextRuns: readonly string[];
  readonly runs: readonly Pick<RunRowFragment, "id" | "dueAt" | "state" | "reason" | "message" | "dueCount">[];
}
/** A time without a backup on the line: one to come, or one that was missed. */
export interface LineMark {
  readonly id: string;
  readonly scheduleId: string;
  readonly shape: "waiting" | "missed";
  readonly x: number;
  readonly lane: number;
  /** Its parts, the first the most important, for a tip and a screen reader. */
  readonly words: readonly string[];
}

/** How many days beyond now a line of so many days can show. */
export const daysAhead = (days: number): number => (days === 1 ? 0.25 : days * 0.11);

/** How many it shows: none where nothing is planned so soon. */
export function daysShownAhead(plans: readonly LinePlan[], days: number, now: Date): number {
  const until = now.getTime() + daysAhead(days) * dayMilliseconds;
  return plans.some(({ active, nextRuns }) => active && nextRuns.some((at) => new Date(at).getTime() <= until)) ? daysAhead(days) : 0;
}

const lanes = 4;
const instant = (point: LinePoint) => new Date(point.startedAt ?? point.createdAt).getTime();

/** Places each backup of the span: older to the left, its size by its bytes, upwards where two would cover each other. */
export function layoutDots(points: readonly LinePoint[], { now, days, width }: Span): Dot[] {
  const from = now.getTime() - days * dayMilliseconds;
  const largest = Math.max(...points.map((point) => point.storedSize ?? 0), 1);
  const smallest = days > 30 ? 2.8 : 4;
  const ends: number[] = [];
  return points
    .filter((point) => instant(point) >= from && instant(point) <= now.getTime() + 60_000)
    .toSorted((a, b) => instant(a) - instant(b))
    .map((point) => {
      const radius = point.status === "COMPLETED" ? smallest * (1 + 0.7 * Math.sqrt((point.storedSize ?? 0) / largest)) : smallest * 1.1;
      const x = Math.min(width, ((instant(point) - from) / (days * dayMilliseconds)) * width);
      const free = Array.from({ length: lanes }, (_, lane) => lane).find((lane) => (ends[lane] ?? -Infinity) <= x - radius);
      const lane = free ?? ends.indexOf(Math.min(...ends));
      ends[lane] = x + radius + 1;
      return { id: point.id, shape: shapeOf(point), x, radius, lane, point };
    });
}

function shapeOf(point: LinePoint): MarkShape {
  if (point.status === "FAILED") return "cross";
  if (point.status === "CANCELLED") return "slash";
  if (point.status !== "COMPLETED") return "running";
  return provenShape(proofOf(point).level, point.pinned);
}

/** The mark of a stored backup: the more is proven, the fuller; pinned is a diamond, and not whole is seen before all else. */
export function provenShape(level: ProofLevel, pinned = false): MarkShape {
  if (level === "failed") return "broken";
  if (level === "proven") return pinned ? "diamond-proven" : "proven";
  if (level === "checksum") return pinned ? "diamond-filled" : "filled";
  return pinned ? "diamond" : "ring";
}

/** Places what is to come and what was missed; those that would cover each other are one, and a dot is stepped over. */
export function layoutMarks(plans: readonly LinePlan[], dots: readonly Dot[], { now, days, width }: Span): LineMark[] {
  const from = now.getTime() - days * dayMilliseconds;
  const until = now.getTime() + daysAhead(days) * dayMilliseconds;
  const placed: LineMark[] = [];
  const place = (at: Date, mark: Omit<LineMark, "x" | "lane">) => {
    const x = ((at.getTime() - from) / (days * dayMilliseconds)) * width;
    if (at.getTime() < from || at.getTime() > until) return;
    if (placed.some((other) => other.shape === mark.shape && Math.abs(other.x - x) < 8)) return;
    const taken = new Set(dots.filter((dot) => Math.abs(dot.x - x) < dot.radius + 5).map((dot) => dot.lane));
    placed.push({ ...mark, x, lane: Array.from({ length: lanes }, (_, lane) => lane).find((lane) => !taken.has(lane)) ?? lanes - 1 });
  };
  for (const { id, name, active, nextRuns, runs } of plans) {
    for (const run of runs.filter(({ state, reason }) => state === "SKIPPED" && reason === "MISSED")) {
      const at = new Date(run.dueAt);
      const what = run.dueCount > 1 ? `Missed, with ${formatCount(run.dueCount - 1, "other due time")}` : "Missed";
      const why = run.message ?? "Holdfast was not running when it was due";
      place(at, {
        id: run.id,
        scheduleId: id,
        shape: "missed",
        words: [`${what}: ${name}`, `${momentName(at, now)}, ${relativeTime(at, now)}`, why],
      });
    }
    for (const next of active ? nextRuns : []) {
      const at = new Date(next);
      if (at > now)
        place(at, {
          id: `${id} ${next}`,
          scheduleId: id,
          shape: "waiting",
          words: [`To come: ${name}`, `${momentName(at, now)}, ${relativeTime(at, now)}`],
        });
    }
  }
  return placed.toSorted((a, b) => a.x - b.x);
}

/** Midnights of the viewer's zone, hours on a line of one day; thinned out so that their labels do not touch. */
export const layoutTicks = (span: Span): Tick[] => (span.days === 1 ? hours(span) : midnights(span));

function hours({ now, width }: Span): Tick[] {
  const every = [1, 2, 3, 6].find((step) => width / (24 / step) >= 60) ?? 12;
  const latest = now.getHours() - (now.getHours() % every);
  const ticks: Tick[] = [];
  for (let back = 0; back < 24; back += every) {
    const at = new Date(now.getFullYear(), now.getMonth(), now.getDate(), latest - back);
    const x = width - ((now.getTime() - at.getTime()) / dayMilliseconds) * width;
    if (x > 20 && x < width - 34) ticks.unshift({ x, label: clockTime(at) });
  }
  return ticks;
}

function midnights({ now, days, width }: Span): Tick[] {
  const every = Math.max(1, Math.ceil(days / Math.max(2, Math.floor(width / 72))));
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const ticks: Tick[] = [];
  for (let back = 0; back < days; back += every) {
    const at = new Date(midnight.getFullYear(), midnight.getMonth(), midnight.getDate() - back);
    const x = width - ((now.getTime() - at.getTime()) / (days * dayMilliseconds)) * width;
    if (x > 20 && x < width - 34) ticks.unshift({ x, label: back === 0 ? "today" : shortDate(at, now) });
  }
  return ticks;
}

/** What hover, focus and a screen reader are told of a dot. */
export function describePoint(point: LinePoint, now: Date): string {
  const at = new Date(instant(point));
  const facts = [
    `${typeWord[point.type]} backup, ${statusWord(point.status, "BACKUP").toLowerCase()}${point.pinned ? " and pinned" : ""}`,
    `${momentName(at, now)}, ${relativeTime(at, now)}`,
    point.storedSize === null ? null : formatBytes(point.storedSize),
    point.durationSeconds === null ? null : `took ${formatDuration(point.durationSeconds)}`,
    point.status === "COMPLETED" ? proofWord(proofOf(point), now).toLowerCase() : null,
    point.status === "FAILED" ? (point.error?.message ?? null) : null,
  ];
  return facts.filter((fact) => fact !== null).join("; ");
}
