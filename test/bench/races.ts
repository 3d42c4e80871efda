import { availableParallelism } from "node:os";
import { type Figures, median, type Sample } from "./measure.ts";

/** Two or more ways of doing one thing, measured in turn. */
export interface Race {
  readonly name: string;
  readonly title: string;
  /** Bytes of the work, such as the dump's text. */
  readonly bytes: number | null;
  readonly contenders: readonly Figures[];
  readonly bars: readonly Bar[];
  /** What a reader has to know of how it was measured, and what was left out and why. */
  readonly notes: readonly string[];
}

/** A figure of ours beside another's, and what it may be. */
export interface Bar {
  readonly what: string;
  readonly beside: string;
  /** Of the medians. */
  readonly value: number;
  /** Of the rounds taken one by one: the least and the most. */
  readonly least: number;
  readonly most: number;
  /** Null where it is only told. */
  readonly bar: number | null;
  readonly unit: "" | "ms" | "bytes" | "ms per 1,000 files";
}

type Measure = "seconds" | "storedBytes";

/** Our wall time to theirs, or our stored bytes to theirs; null where one of them was not measured. */
export function ratio(figures: readonly Figures[], ours: string, theirs: string, bar: number | null, of: Measure = "seconds"): Bar | null {
  const [own, other] = [ours, theirs].map((wanted) => figures.find(({ name }) => name === wanted)?.samples ?? []);
  if (!own?.length || !other?.length) return null;
  const pairs = own.flatMap((sample, round) => (other[round] ? [sample[of] / other[round][of]] : []));
  const of_ = (samples: readonly Sample[]) => median(samples.map((sample) => sample[of]));
  const what = of === "seconds" ? ours : `${ours}, bytes stored`;
  return { what, beside: theirs, value: of_(own) / of_(other), least: Math.min(...pairs), most: Math.max(...pairs), bar, unit: "" };
}

/** A figure that stands by itself. */
export function limit(what: string, values: readonly number[], bar: number | null, unit: Bar["unit"]): Bar | null {
  if (values.length === 0) return null;
  return { what, beside: "", value: median(values), least: Math.min(...values), most: Math.max(...values), bar, unit };
}

/**
 * What the processors alone allow one of the contenders, as a sentence: its processor time and that of the database's server, shared
 * by `processors`. The wall time cannot be less, whatever is done side by side.
 */
export function processorLimit(figures: readonly Figures[], name: string, processors = availableParallelism()): string[] {
  const samples = figures.find((each) => each.name === name)?.samples ?? [];
  if (samples.length === 0) return [];
  const busy = median(samples.map(({ cpuSeconds, extra }) => cpuSeconds + (extra?.serverSeconds ?? 0)));
  const least = (busy / processors).toFixed(2);
  return [
    `${name}: ${busy.toFixed(1)} s of processor time, the database's server included, take ${processors} processors ${least} s at least.`,
  ];
}

/** Whether a bar is reached; null where there is none. */
export const reached = ({ value, bar }: Pick<Bar, "value" | "bar">): boolean | null => (bar === null ? null : value <= bar);

export const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null);
