import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { openThrowaway } from "../../server/db/embedded/throwaway.ts";
import { runBackup } from "../../server/engine/backup.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import { localStorage } from "../../server/engine/storage/local.ts";
import { drill } from "../../server/engine/verify.ts";
import { aboutBackup } from "../support/about.ts";
import { databaseName } from "./generate.ts";
import type { Workplace } from "./workplace.ts";

const run = promisify(execFile);

/** A drill of the generated database beside the stock restore into a server of the same kind, in seconds. */
export interface DrillTimes {
  /** `zstd -dc | mariadb`, which compares nothing. */
  readonly stock: number;
  /** From the start of loading to compared, as the backup's measured time to recover says. */
  readonly restore: number;
  /** All of it: the throw-away server made and removed, too. */
  readonly whole: number;
}

export async function drillTimes({ folder, server }: Workplace, signal: AbortSignal): Promise<DrillTimes> {
  const { socketPath, user, password } = server;
  const [root, home] = [join(folder, "drill"), join(folder, "home")];
  await mkdir(root);
  const storage = localStorage(root);
  const connection = { host: "localhost", port: 0, user, password, database: databaseName, socketPath, tls: false };
  const manifest = await runBackup(
    {
      storage,
      folder: "backup",
      packing: { compression: "ZSTD", level: 3 },
      database: { connection, tools: await findTools(null), ratio: null },
      media: null,
      about: aboutBackup({ name: "Bench", trigger: "CLI" }),
      now: () => new Date(),
    },
    { signal, say: () => {}, report: () => {} },
  );
  const stock = await stockRestore(join(root, "backup/database.sql.zst"), home, signal);
  const began = performance.now();
  const report = await drill(
    { storage, folder: "backup", manifest, now: () => new Date() },
    { openScratchServer: (bytes) => openThrowaway(home, { signal, bytes }), tools: () => findTools(null) },
    { signal, say: () => {}, report: () => {} },
  );
  const whole = (performance.now() - began) / 1000;
  if (!report.passed) throw new Error(`The drill did not pass: ${report.problems.join(" ")}`);
  await rm(root, { recursive: true });
  return { stock, restore: report.restoreSeconds ?? Number.NaN, whole };
}

async function stockRestore(dump: string, home: string, signal: AbortSignal): Promise<number> {
  await using scratch = await openThrowaway(home, { signal });
  const client = ["mariadb", "--no-defaults", `--socket=${scratch.connection.socketPath}`, `--user=${scratch.connection.user}`];
  const [program = "", ...options] = client;
  await run(program, [...options, "-e", `CREATE DATABASE ${databaseName}`], { signal });
  const began = performance.now();
  await run("bash", ["-c", 'set -o pipefail; zstd -dc "$0" | "$@"', dump, ...client, databaseName], { signal });
  return (performance.now() - began) / 1000;
}
