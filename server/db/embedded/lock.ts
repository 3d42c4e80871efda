import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { Failure } from "../../domain/errors.ts";

/**
 * Takes an exclusive lock on a file, which is made when missing; null when somebody else holds it for `wait` seconds.
 * The kernel holds it for our open file, so it ends with the returned function or with this process, however that ends.
 */
export async function acquireLock(path: string, wait: number, signal?: AbortSignal): Promise<(() => void) | null> {
  signal?.throwIfAborted();
  const file = openSync(path, "a", 0o600);
  const release = () => closeSync(file);
  try {
    // flock(1) locks the open file that it shares with us; the lock stays when it has gone.
    const limit = wait > 0 ? ["--timeout", String(wait)] : ["--nonblock"];
    const child = spawn("flock", ["--exclusive", ...limit, "3"], { stdio: ["ignore", "ignore", "ignore", file], signal });
    const [code] = await once(child, "exit");
    if (code === 0) return release;
  } catch (cause) {
    release();
    signal?.throwIfAborted();
    throw new Failure("INTERNAL", "The program flock could not be run.", "Install the package util-linux.", { cause });
  }
  release();
  return null;
}
