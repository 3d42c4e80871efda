import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { compileCache, node, root } from "./holdfast.ts";

/** What a command did. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Resolves when what it has written, on either output, matches; rejects when it ends before. */
  saw(pattern: RegExp): Promise<void>;
}

const main = join(root, "dist/server/cli/main.js");

/** Starts a command of the built command line, with this environment alone. */
export const startCommand = (env: Readonly<Record<string, string>>, ...args: string[]): Running => run(node, [main, ...args], env);

/** The same on a terminal of its own: what is written to `child.stdin` is typed, and all output arrives in `stdout`. */
export function startOnTerminal(env: Readonly<Record<string, string>>, ...args: string[]): Running {
  const words = [node, main, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return run("script", ["-qfec", words.join(" "), "/dev/null"], { ...env, TERM: "xterm" });
}

/** Runs a command to its end, with `input` on its standard input. */
export async function command(env: Readonly<Record<string, string>>, args: readonly string[], input = ""): Promise<Outcome> {
  const { child, outcome } = startCommand(env, ...args);
  // It may end without reading what it is given.
  child.stdin?.on("error", () => {}).end(input);
  return outcome;
}

/** The answer of a command with `--json` that has to succeed. */
export async function answerOf<T>(env: Readonly<Record<string, string>>, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await command(env, [...args, "--json"]);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The processes that have this word in their command line. */
export async function processesWith(word: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(word));
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH ?? "", NODE_COMPILE_CACHE: compileCache, ...env },
    cwd: env.HOLDFAST_HOME ?? root,
  });
  // Only a test that failed leaves anything to end.
  onTestFinished(() => void child.kill());
  const written = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      written[name] += text;
      for (const look of watchers) look();
    });
  const outcome = once(child, "close").then(([code]) => ({ code, ...written }));
  return {
    child,
    outcome,
    saw(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => pattern.test(written.stdout + written.stderr) && resolve();
      watchers.add(look);
      look();
      void outcome.then(() => reject(new Error(`It ended without ${pattern}: ${written.stdout}${written.stderr}`)));
      return promise;
    },
  };
}
