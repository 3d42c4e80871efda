import { execFile } from "node:child_process";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cpuSeconds } from "./cpu.ts";
import { databaseName } from "./generate.ts";
import type { Contender } from "./measure.ts";
import type { Workplace } from "./workplace.ts";

const run = promisify(execFile);

const dump = `mariadb-dump --defaults-file="$1" --single-transaction --quick --routines --triggers --events --hex-blob ${databaseName}`;

/** What an administrator would type: the client's dump through zstd into a file, and that file forced to the disk. */
export function baseline({ folder, optionFile }: Workplace): Contender {
  const file = join(folder, "baseline.sql.zst");
  return {
    name: "mariadb-dump | zstd -3 -T0",
    async run(signal) {
      await run("sync");
      const [started, cpu] = [performance.now(), await cpuSeconds(process.pid)];
      await shell(`set -o pipefail; ${dump} | zstd -q -3 -T0 > "$2" && sync "$2"`, [optionFile, file], signal);
      const seconds = (performance.now() - started) / 1000;
      const spent = (await cpuSeconds(process.pid)) - cpu;
      const { size: storedBytes } = await stat(file);
      await rm(file);
      return { seconds, storedBytes, cpuSeconds: spent };
    },
  };
}

/** Bytes of the dump's text; reading all of it also warms the server's buffer pool for everyone. */
export async function dumpBytes({ optionFile }: Workplace, signal: AbortSignal): Promise<number> {
  return Number(await shell(`set -o pipefail; ${dump} | wc -c`, [optionFile], signal));
}

async function shell(script: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const { stdout } = await run("bash", ["-c", script, "bash", ...args], { signal });
  return stdout;
}
