import { execFile } from "node:child_process";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Failure } from "../../domain/errors.ts";
import type { ServerPlace } from "./place.ts";
import { findServer, killProcess } from "./processes.ts";
import { findProgram } from "./programs.ts";

const run = promisify(execFile);

/** InnoDB reads these the same way at every start, the first included. */
export const innodbOptions = ["--innodb-log-file-size=32M"] as const;

/** Options that both programs need: no option file of the machine, and the right to run as root where we do. */
export const commonOptions = (): readonly string[] => (process.getuid?.() === 0 ? ["--user=root"] : []);

/** No secret of ours is in the environment of the server: it gets none of it. */
export const cleanEnvironment = (folders: readonly string[]) => ({ PATH: folders.join(":"), LANG: "C.UTF-8" });

/**
 * Makes the data folder: built beside and renamed, so that it is whole or absent. About 1 s. Call it under the lock, where
 * others use the place too. The account of this process may sign in over the socket, nobody else, and no password exists.
 */
export async function installData(
  place: ServerPlace,
  settings: readonly string[],
  folders: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const program = await findProgram("mariadb-install-db", place, folders);
  for (const name of await readdir(place.folder))
    if (name.startsWith("installing-")) await rm(join(place.folder, name), { recursive: true, force: true }).catch(() => {});
  const draft = await mkdtemp(join(place.folder, "installing-"));
  const options = [
    "--no-defaults",
    `--datadir=${draft}`,
    // A MariaDB that starts deletes the temporary tables of every other one with the same folder for them, such as /tmp.
    `--tmpdir=${place.temporaryFolder}`,
    "--auth-root-authentication-method=socket",
    `--auth-root-socket-user=${place.account}`,
    // Where the machine's own name cannot be looked up, as in a bare container; we use no host names.
    "--force",
    "--skip-name-resolve",
    "--skip-test-db",
    ...settings,
    ...commonOptions(),
  ];
  try {
    await run(program, options, { cwd: place.folder, env: cleanEnvironment(folders), maxBuffer: 16 * 1024 * 1024, signal });
  } catch (cause) {
    // What the program had started outlives it, and goes on writing.
    const server = await findServer(draft);
    if (server) await killProcess(server);
    await rm(draft, { recursive: true, force: true, maxRetries: 5 });
    signal?.throwIfAborted();
    throw new Failure("INTERNAL", `The ${place.name} could not be made.`, lastLines(cause), { cause });
  }
  await rename(draft, place.dataFolder);
}

function lastLines(error: unknown): string {
  const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
  return `mariadb-install-db said: ${`${stdout}\n${stderr}`.trim().split("\n").slice(-6).join(" ").slice(-600)}`;
}
