import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BackupPlan, Seal } from "../../server/engine/backup.ts";
import { runBackup } from "../../server/engine/backup.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import { localStorage } from "../../server/engine/storage/local.ts";
import { aboutBackup } from "../support/about.ts";
import { cpuSeconds } from "./cpu.ts";
import { databaseName } from "./generate.ts";
import type { Contender } from "./measure.ts";
import { peakMemory, resetPeak } from "./memory.ts";
import type { Workplace } from "./workplace.ts";

const run = promisify(execFile);

/** The engine alone, in this process: what the server adds to it is the difference to `holdfast`. */
export async function engine({ folder, server }: Workplace, seal?: Seal): Promise<Contender> {
  const tools = await findTools(null);
  const root = join(folder, "engine");
  await mkdir(root, { recursive: true });
  const { socketPath, user, password } = server;
  const about = aboutBackup({ name: "Bench", trigger: "CLI" });
  return {
    name: seal ? "Holdfast's engine, encrypted" : "Holdfast's engine",
    async run(signal) {
      const plan: BackupPlan = {
        storage: localStorage(root),
        folder: "shop/backup",
        packing: { compression: "ZSTD", level: 3 },
        database: {
          connection: { host: "localhost", port: 0, user, password, database: databaseName, socketPath, tls: false },
          tools,
          ratio: null,
        },
        media: null,
        about,
        ...(seal ? { seal } : {}),
        now: () => new Date(),
      };
      await run("sync");
      await resetPeak(process.pid);
      const [started, cpu] = [performance.now(), await cpuSeconds(process.pid)];
      const manifest = await runBackup(plan, { signal, say: () => {}, report: () => {} });
      const seconds = (performance.now() - started) / 1000;
      const spent = (await cpuSeconds(process.pid)) - cpu;
      const peak = await peakMemory(process.pid);
      await rm(join(root, "shop"), { recursive: true });
      const storedBytes = manifest.artifacts.reduce((sum, { storedSize }) => sum + storedSize, 0);
      return { seconds, storedBytes, cpuSeconds: spent, extra: { peakMemory: peak } };
    },
  };
}
