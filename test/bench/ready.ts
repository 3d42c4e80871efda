import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./measure.ts";
import { startHoldfast } from "./process.ts";

export interface Ready {
  /** On a new home: what is stale is built, the catalog is made. */
  readonly first: number;
  /** Median of the later starts on the same home. */
  readonly second: number;
}

/** Seconds from `npm start` to the ready line. */
export async function secondsToReady(rounds: number, signal: AbortSignal): Promise<Ready> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-bench-home-"));
  try {
    const once = async () => {
      await using server = await startHoldfast(home, ["npm", "start"], signal);
      return server.secondsToReady;
    };
    const first = await once();
    const later: number[] = [];
    for (let round = 0; round < rounds; round += 1) later.push(await once());
    return { first, second: median(later) };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
