import { execFile } from "node:child_process";
import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startPipeline } from "../../server/engine/database/dump-pipeline.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import { cpuSeconds } from "./cpu.ts";
import { databaseName } from "./generate.ts";
import type { Contender } from "./measure.ts";
import type { Workplace } from "./workplace.ts";

const run = promisify(execFile);

/** The dump in frames alone, into a file that is forced to the disk: what they cost is the difference to the baseline. */
export async function frames({ folder, server }: Workplace): Promise<Contender> {
  const tools = await findTools(null);
  const file = join(folder, "frames.sql.zst");
  const { socketPath, user, password } = server;
  const connection = { host: "localhost", port: 0, user, password, database: databaseName, socketPath, tls: false };
  return {
    name: "mariadb-dump in frames",
    async run(signal) {
      await run("sync");
      const [started, cpu] = [performance.now(), await cpuSeconds(process.pid)];
      const dump = await startPipeline({ connection, tools, packing: { compression: "ZSTD", level: 3 }, further: [], signal });
      try {
        await using handle = await open(file, "w");
        for await (const piece of dump.output) await handle.write(piece);
        await handle.sync();
        const ends = await dump.exits;
        if (ends.dump.code !== 0 || ends.scan.code !== 0) throw new Error(`The dump failed: ${ends.dump.stderr} ${ends.scan.stderr}`);
      } finally {
        await dump.stop();
      }
      const seconds = (performance.now() - started) / 1000;
      const spent = (await cpuSeconds(process.pid)) - cpu;
      const { size: storedBytes } = await stat(file);
      await rm(file);
      return { seconds, storedBytes, cpuSeconds: spent };
    },
  };
}
