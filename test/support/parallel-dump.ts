import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Connection } from "../../server/domain/connection.ts";
import type { DatabaseSummary } from "../../server/domain/manifest.ts";
import { credentialFile } from "../../server/engine/database/credential.ts";
import { openDump } from "../../server/engine/database/dump.ts";
import type { DumpRequest } from "../../server/engine/database/dump-request.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import { spawnTool } from "../../server/engine/process.ts";

export interface ParallelDump {
  readonly bytes: Buffer;
  readonly size: number;
  readonly summary: DatabaseSummary;
  readonly said: readonly string[];
  readonly chosen: readonly string[];
}

/** Everything of a dump by several connections. */
export async function takeParallel(connection: Connection, options: Partial<DumpRequest> = {}): Promise<ParallelDump> {
  const [said, chosen]: [string[], string[]] = [[], []];
  const reader = await openDump({
    ...{ connection, tools: await findTools(null), packing: { compression: "ZSTD", level: 1 }, engine: "PARALLEL" },
    ...{ signal: new AbortController().signal, say: (level, text) => said.push(`${level} ${text}`) },
    chosen: (engine, reason) => chosen.push(`${engine}: ${reason}`),
    ...options,
  });
  const bytes = await buffer(reader.bytes);
  return { bytes, ...(await reader.done), said, chosen };
}

/** Feeds a dump to the stock client, as somebody does who has no Holdfast: `zstd -dc | mariadb`. Rejects with what that says. */
export async function restoreStock(bytes: Buffer, connection: Connection): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-stock-"));
  try {
    await writeFile(join(folder, "database.sql.zst"), bytes);
    await using credential = await credentialFile(connection);
    const script = `zstd -dc '${folder}/database.sql.zst' | mariadb --defaults-file=/dev/fd/3 --comments '${connection.database}'`;
    await using shell = spawnTool("sh", ["-c", script], { fds: [credential.fd] });
    shell.stdout?.resume();
    const { code, stderr } = await shell.exited;
    if (code !== 0 || stderr) throw new Error(`The client ended with ${code}: ${stderr}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The text of a zstd dump. */
export const textOf = async (bytes: Buffer): Promise<Buffer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const child = execFile("zstd", ["-dc"], { encoding: "buffer", maxBuffer: 2 ** 30 }, (error, out) =>
    error ? reject(error) : resolve(out),
  );
  child.stdin?.end(bytes);
  return promise;
};
