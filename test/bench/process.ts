import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The checkout's folder. */
export const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** A Holdfast server that said it is ready. */
export interface Holdfast extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly home: string;
  /** From the spawn to the ready line. */
  readonly secondsToReady: number;
}

/** Starts Holdfast with a home of its own, by `command`, and waits until it is ready; stopped with its children on disposal. */
export async function startHoldfast(home: string, command: readonly [string, ...string[]], signal: AbortSignal): Promise<Holdfast> {
  const started = performance.now();
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd: checkout, env: settings(home), stdio: ["ignore", "pipe", "inherit"], detached: true });
  // npm may be gone before the server that it started; the last of them closes the output.
  const closed = once(child, "close");
  const stop = async () => {
    if (child.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGTERM");
    await closed;
  };
  try {
    const lines = createInterface({ input: child.stdout, signal });
    for await (const line of lines) {
      const ready = readyLine(line);
      if (!ready) continue;
      const secondsToReady = (performance.now() - started) / 1000;
      // What it says from here on is thrown away, so that a full pipe never holds it up.
      child.stdout.resume();
      await fetch(`${ready.url}/readyz`, { signal });
      return { url: ready.url, pid: ready.pid ?? child.pid ?? 0, home, secondsToReady, [Symbol.asyncDispose]: stop };
    }
    throw new Error(`${command.join(" ")} ended before it was ready.`);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The secret of a new administrator's API token, by the command line on the same home. */
export async function newToken(home: string): Promise<string> {
  const args = ["server/holdfast.mjs", "create-token", "--name", "bench", "--role", "admin"];
  const { stdout } = await run(process.execPath, args, { cwd: checkout, env: settings(home) });
  return stdout.trim();
}

const settings = (home: string) => ({ ...process.env, HOLDFAST_HOME: home, HOLDFAST_PORT: "0" });

function readyLine(line: string): { url: string; pid?: number } | null {
  if (!line.includes('"msg":"ready"')) return null;
  return JSON.parse(line);
}
