import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BackupPlan, Seal } from "../../server/engine/backup.ts";
import { runBackup } from "../../server/engine/backup.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import { localStorage } from "../../server/engine/storage/local.ts";
import { mirrored } from "../../server/engine/storage/mirrored.ts";
import { aboutBackup } from "../support/about.ts";
import { cpuSeconds } from "./cpu.ts";
import { databaseName } from "./generate.ts";
import type { Contender } from "./measure.ts";
import { peakMemory, resetPeak } from "./memory.ts";
import type { Workplace } from "./workplace.ts";

const run = promisify(execFile);

/** The engine alone, in this process: what the server adds to it is the difference to `holdfast`. */
export async function engine(
  { folder, server }: Workplace,
  { seal, storages = 1 }: { readonly seal?: Seal; readonly storages?: number } = {},
): Promise<Contender> {
  const tools = await findTools(null);
  const root = join(folder, "engine");
  const roots = Array.from({ length: storages }, (_, index) => join(root, String(index)));
  for (const one of roots) await mkdir(one, { recursive: true });
  const { socketPath, user, password } = server;
  const about = aboutBackup({ name: "Bench", trigger: "CLI" });
  return {
    name: `Holdfast's engine${seal ? ", encrypted" : ""}${storages > 1 ? `, to ${storages} storages` : ""}`,
    async run(signal) {
      const plan: BackupPlan = {
        storage: mirrored(roots.map((one) => ({ id: one, name: one, storage: localStorage(one) }))),
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
      for (const one of roots) await rm(join(one, "shop"), { recursive: true });
      const storedBytes = manifest.artifacts.reduce((sum, { storedSize }) => sum + storedSize, 0);
      return { seconds, storedBytes, cpuSeconds: spent, extra: { peakMemory: peak } };
    },
  };
}
