import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeManifests } from "../support/many-manifests.ts";
import { apiClient } from "./api.ts";
import { cpuSeconds } from "./cpu.ts";
import { peakMemory, resetPeak } from "./memory.ts";
import { newToken, startHoldfast } from "./process.ts";

/** How long it took to read a storage back into an empty catalog, and once more when all was known. */
export interface RebuildTimes {
  readonly backups: number;
  readonly tables: number;
  readonly seconds: number;
  readonly goal: number;
  readonly againSeconds: number;
  /** The server's own, for both. */
  readonly cpuSeconds: number;
  /** The server's memory at most, with a tenth of the backups and with all of them. */
  readonly peakMemory: readonly [number, number];
}

const [backups, tables] = [10_000, 50];

/** Times the real server's rebuild of an empty catalog from 10,000 manifests in its local storage. */
export async function rebuildTimes(signal: AbortSignal, say: (line: string) => void): Promise<RebuildTimes> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-bench-rebuild-"));
  try {
    say(`Writing ${backups.toLocaleString("en-US")} manifests of ${tables} tables.`);
    const place = join(home, "backups");
    await writeManifests(place, backups / 10, tables);
    await using server = await startHoldfast(home, [process.execPath, "--max-semi-space-size=1", "dist/server/main.js"], signal);
    const token = await newToken(home);
    const ask = apiClient(server.url, token, signal);
    const { storages } = await ask<{ storages: { id: string }[] }>("{ storages { id } }");
    const once = async (field: "adopted" | "known", many: number) => {
      const begun = performance.now();
      const { rebuildCatalog } = await ask<{ rebuildCatalog: Record<string, number> }>(
        `mutation { rebuildCatalog(storageId: "${storages[0]?.id}") { found adopted known } }`,
      );
      if (rebuildCatalog[field] !== many) throw new Error(`Not all were ${field}: ${JSON.stringify(rebuildCatalog)}`);
      return (performance.now() - begun) / 1000;
    };
    await resetPeak(server.pid);
    const few = backups / 10;
    const first = await once("adopted", few);
    const fewPeak = await peakMemory(server.pid);
    await writeManifests(place, backups, tables, few);
    const before = await cpuSeconds(server.pid);
    const rest = await once("adopted", backups - few);
    const againSeconds = await once("known", backups);
    const own = (await cpuSeconds(server.pid)) - before;
    const seconds = first + rest;
    say(`Rebuilt in ${seconds.toFixed(1)} s, again in ${againSeconds.toFixed(1)} s.`);
    return { backups, tables, seconds, goal: 60, againSeconds, cpuSeconds: own, peakMemory: [fewPeak, await peakMemory(server.pid)] };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
