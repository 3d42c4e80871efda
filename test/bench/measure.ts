/** One way of doing the work that is measured. */
export interface Contender {
  readonly name: string;
  /** Does the work once, from nothing to durable on the disk, and removes what it made outside the time it reports. */
  run(signal: AbortSignal): Promise<Sample>;
}
export interface Sample {
  /** Wall seconds as the one who waits sees them. */
  readonly seconds: number;
  readonly storedBytes: number;
  /** CPU that the work took, the database server's own not counted; steadier than the wall on a machine with other work. */
  readonly cpuSeconds: number;
  /** Figures that only this contender has, by name, such as peak memory in bytes. */
  readonly extra?: Readonly<Record<string, number>>;
}
export interface Figures {
  readonly name: string;
  readonly samples: readonly Sample[];
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Runs all contenders `rounds` times in turn, every second round backwards, so that a machine that warms up, slows down or
 * has other work does the same to each. `warmUp` has one of them do it once before, uncounted. `say` hears of every sample.
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
  signal: AbortSignal,
  say: (line: string) => void,
  { warmUp = false }: { readonly warmUp?: boolean } = {},
) {
  const samples = contenders.map((): Sample[] => []);
  // What the first one would have to fetch from the disk, and what the server only keeps in mind once it was asked.
  if (warmUp) await contenders.at(-1)?.run(signal);
  for (let round = 0; round < rounds; round += 1) {
    const order = [...contenders.keys()];
    for (const index of round % 2 ? order.reverse() : order) {
      signal.throwIfAborted();
      const contender = contenders[index];
      if (!contender) continue;
      const sample = await contender.run(signal);
      samples[index]?.push(sample);
      say(`round ${round + 1}: ${contender.name} ${sample.seconds.toFixed(2)} s, CPU ${sample.cpuSeconds.toFixed(2)} s`);
    }
  }
  return contenders.map(({ name }, index) => figures(name, samples[index] ?? []));
}

/** The samples of one with their median, least and most. */
export function figures(name: string, samples: readonly Sample[]): Figures {
  const seconds = samples.map((sample) => sample.seconds);
  return { name, samples, median: median(seconds), min: Math.min(...seconds), max: Math.max(...seconds) };
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
