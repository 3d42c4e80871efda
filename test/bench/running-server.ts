import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Ask, apiClient } from "./api.ts";
import { databaseName } from "./generate.ts";
import { newToken, startHoldfast } from "./process.ts";
import type { Workplace } from "./workplace.ts";

/** The real server with sources of its own, and what can be asked of it. */
export interface RunningServer extends AsyncDisposable {
  readonly pid: number;
  /** Takes a backup and waits for it: of the generated database, or of the folder of media. */
  backUp(what: "DATABASE" | "MEDIA"): Promise<string>;
  /** Restores a backup of the database into the other one and waits for it. */
  restore(backupId: string): Promise<void>;
  /** Drills a backup and waits for it. */
  drill(backupId: string): Promise<void>;
  /** A figure of GET /metrics by its name. */
  metric(name: string): Promise<number>;
}

/** Starts it; `other` names the database into which is restored, and `media` is a folder. */
export async function startServer(place: Workplace, other: string, media: string | null, signal: AbortSignal): Promise<RunningServer> {
  const home = await mkdtemp(join(place.folder, "server-"));
  const running = await startHoldfast(home, [process.execPath, "--max-semi-space-size=1", "dist/server/main.js"], signal);
  try {
    const ask = apiClient(running.url, await newToken(home), signal);
    const { socketPath, user, password } = place.server;
    const source = async (name: string, input: object) => {
      const document = "mutation($input: SourceInput!) { createSource(input: $input) { id } }";
      return (await ask<{ createSource: { id: string } }>(document, { input: { name, ...input } })).createSource.id;
    };
    const database = (name: string) => ({ database: { user, password, socketPath, database: name } });
    const ids = {
      DATABASE: await source("Shop", database(databaseName)),
      MEDIA: media ? await source("Media", { mediaPaths: [media] }) : null,
      other: await source("Other", database(other)),
    };
    return {
      pid: running.pid,
      async backUp(type) {
        const input = { type, sourceId: ids[type], compression: "ZSTD", compressionLevel: 3 };
        const begun = await ask<Begun>("mutation($input: CreateBackupInput!) { begun: createBackup(input: $input) { id } }", { input });
        return ended(ask, "backup", begun, signal);
      },
      async restore(backupId) {
        const input = { type: "DATABASE", backupId, targetSourceId: ids.other, backupBeforeRestore: false };
        const begun = await ask<Begun>("mutation($input: RestoreInput!) { begun: createRestore(input: $input) { id } }", { input });
        await ended(ask, "restore", begun, signal);
      },
      async drill(id) {
        const document = "mutation($id: ID!) { begun: verifyBackup(id: $id, level: RESTORE) { id } }";
        const verification = await ended(ask, "verification", await ask<Begun>(document, { id }), signal);
        const look = "query($id: ID!) { found: verification(id: $id) { passed problems } }";
        const { found } = await ask<{ found: { passed: boolean; problems: readonly string[] } }>(look, { id: verification });
        // A drill that finds something has done its work.
        if (!found.passed) throw new Error(`The drill did not pass: ${found.problems.join(" ")}`);
      },
      async metric(name) {
        const text = await (await fetch(`${running.url}/metrics`, { signal })).text();
        return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
      },
      async [Symbol.asyncDispose]() {
        await running[Symbol.asyncDispose]();
        await rm(home, { recursive: true });
      },
    };
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

interface Begun {
  readonly begun: { readonly id: string };
}
interface Ended {
  readonly found: { readonly status: string; readonly error: { readonly message: string } | null };
}

/** Waits for the operation's end and gives its id; rejects when it failed. */
async function ended(
  ask: Ask,
  kind: "backup" | "restore" | "verification",
  { begun: { id } }: Begun,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    const { found } = await ask<Ended>(`query($id: ID!) { found: ${kind}(id: $id) { status error { message } } }`, { id });
    if (found.status === "COMPLETED") return id;
    if (found.error) throw new Error(`The ${kind} failed: ${found.error.message}`);
    await sleep(250, undefined, { signal });
  }
}
