import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpuSeconds } from "./cpu.ts";
import { watchMemory } from "./processes.ts";

export interface CommandSample {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly extra: { readonly peakMemory: number };
}

/** Runs a line of the shell as an administrator would type it, `args` as $1, $2 and so on; rejects when any part of it fails. */
export async function command(script: string, args: readonly string[], signal: AbortSignal): Promise<CommandSample> {
  const [started, cpu] = [performance.now(), await cpuSeconds(process.pid, "children")];
  const child = spawn("bash", ["-c", `set -eo pipefail; ${script}`, "bash", ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, LC_ALL: "C.UTF-8" },
    detached: true,
  });
  const stop = () => child.pid && child.exitCode === null && process.kill(-child.pid, "SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  let told = "";
  child.stderr.on("data", (piece: Buffer) => {
    told = `${told}${piece}`.slice(-2000);
  });
  const closed = once(child, "close");
  try {
    await using watch = watchMemory(child.pid ?? 0);
    const [code] = await closed;
    const seconds = (performance.now() - started) / 1000;
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`"${script}" failed: ${told.trim()}`);
    return { seconds, cpuSeconds: (await cpuSeconds(process.pid, "children")) - cpu, extra: { peakMemory: watch.held().most } };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
