import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type Ask, apiClient } from "./api.ts";
import { cpuSeconds } from "./cpu.ts";
import { databaseName } from "./generate.ts";
import type { Contender } from "./measure.ts";
import { peakMemory, resetPeak } from "./memory.ts";
import { newToken, startHoldfast } from "./process.ts";
import type { Workplace } from "./workplace.ts";

const run = promisify(execFile);
/** As often as the dashboard hears of progress: asking more often would be work of its own. */
const pollMilliseconds = 250;

/** A backup through the real server and its API, on the disk that the baseline writes to. Dispose of it to stop the server. */
export async function holdfast({ folder, server }: Workplace, signal: AbortSignal): Promise<Contender & AsyncDisposable> {
  const running = await startHoldfast(join(folder, "home"), [process.execPath, "--max-semi-space-size=1", "dist/server/main.js"], signal);
  try {
    const ask = apiClient(running.url, await newToken(running.home), signal);
    const { socketPath, user, password } = server;
    const { createSource } = await ask<{ createSource: { id: string } }>(
      "mutation($input: SourceInput!) { createSource(input: $input) { id } }",
      {
        input: { name: "Bench", database: { user, password, database: databaseName, socketPath } },
      },
    );
    return {
      name: "Holdfast",
      async run() {
        await run("sync");
        await resetPeak(running.pid);
        const [started, cpu] = [performance.now(), await cpuSeconds(running.pid)];
        const { createBackup } = await ask<{ createBackup: { id: string } }>(begin, { sourceId: createSource.id });
        const { backup, slowestAnswer } = await finished(ask, createBackup.id);
        const seconds = (performance.now() - started) / 1000;
        const spent = (await cpuSeconds(running.pid)) - cpu;
        const peak = await peakMemory(running.pid);
        await ask("mutation($id: ID!) { deleteBackup(id: $id) }", { id: createBackup.id });
        const ownSeconds = (Date.parse(backup.finishedAt) - Date.parse(backup.startedAt)) / 1000;
        return { seconds, storedBytes: backup.storedSize, cpuSeconds: spent, extra: { peakMemory: peak, ownSeconds, slowestAnswer } };
      },
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    };
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

const begin = `mutation($sourceId: ID!) {
  createBackup(input: { type: DATABASE, sourceId: $sourceId, compression: ZSTD, compressionLevel: 3 }) { id }
}`;
const look = "query($id: ID!) { backup(id: $id) { status startedAt finishedAt storedSize error { code message hint } } }";

interface Backup {
  readonly status: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly storedSize: number;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
}

/** The backup once it is completed, and the longest that the API took to answer meanwhile, in seconds. */
async function finished(ask: Ask, id: string): Promise<{ backup: Backup; slowestAnswer: number }> {
  let slowestAnswer = 0;
  for (;;) {
    const asked = performance.now();
    const { backup } = await ask<{ backup: Backup }>(look, { id });
    slowestAnswer = Math.max(slowestAnswer, (performance.now() - asked) / 1000);
    if (backup.status === "COMPLETED") return { backup, slowestAnswer };
    if (backup.error) throw new Error(`The backup failed: ${backup.error.code}: ${backup.error.message} ${backup.error.hint ?? ""}`);
    await sleep(pollMilliseconds);
  }
}
