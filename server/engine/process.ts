import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { Failure } from "../domain/errors.ts";
import { giveWay, lowNiceness } from "./priority.ts";

/** How a child ended: `code` is null when a signal ended it. `stderr` is its last 64 KiB, without the secrets. */
export interface ToolExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A running child. `await using` it, so that no path leaves it behind. */
export interface Tool extends AsyncDisposable {
  readonly pid: number;
  /** Set where "pipe" was asked for. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  /** The parent's ends of the extra descriptors that were asked for as "pipe", in order. */
  readonly reports: readonly Readable[];
  /** Never rejects; settles when the child is gone and its stderr is drained. */
  readonly exited: Promise<ToolExit>;
  /** Ends the whole process group: asks, then kills a second later. Harmless when it is gone already. */
  stop(): Promise<ToolExit>;
}

export interface ToolOptions {
  /** A stream made by another tool is handed over as it is: this process never touches its bytes. */
  readonly stdin?: "ignore" | "pipe" | Readable;
  readonly stdout?: "ignore" | "pipe";
  /** Further descriptors, from 3 on: an open one to inherit, or "pipe" for one that the child writes to. */
  readonly fds?: readonly (number | "pipe")[];
  /** On top of PATH, LANG, TZ and NODE_EXTRA_CA_CERTS, which are all that a child inherits. Never a secret. */
  readonly env?: Readonly<Record<string, string>>;
  /** Words that must not stand in `stderr`. */
  readonly secrets?: readonly string[];
  /** It and all that it starts give way to everything else, with the processor and with the disk. */
  readonly lowPriority?: boolean;
  readonly signal?: AbortSignal;
}

const tailBytes = 64 * 1024;
const graceMs = 1000;

/**
 * Starts `program` (a path, or a name on PATH) without a shell, in a process group of its own that ends when `signal`
 * aborts, and on Linux when this process dies. A program that is not there is a Failure; the rest is told by `exited`.
 */
export function spawnTool(program: string, args: readonly string[], options: ToolOptions = {}): Tool {
  const { stdin = "ignore", stdout = "pipe", fds = [], secrets = [], lowPriority = false, signal } = options;
  signal?.throwIfAborted();
  const path = findProgram(program);
  if (!path) throw new Failure("INTERNAL", `The program ${program} is not on this machine.`, `Install ${program} and try again.`);
  const words = [...deathGuard(), ...(lowPriority ? givingWay() : []), path, ...args];
  const child = spawn(words[0] ?? path, words.slice(1), {
    stdio: [stdin, stdout, "pipe", ...fds],
    env: { ...toolEnvironment(), ...options.env },
    detached: true,
  });
  if (lowPriority && nice().length === 0 && child.pid !== undefined) giveWay(child.pid);
  // The child owns the handed-over stream now; our end would keep it open after the child is gone.
  if (typeof stdin !== "string") stdin.destroy();

  const exited = ended(child, secrets);
  const stop = () => stopGroup(child, exited);
  const onAbort = () => void stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  void exited.then(() => signal?.removeEventListener("abort", onAbort));
  // A child that goes away early breaks its pipe: its exit tells why, the pipe's own error says less.
  child.stdin?.on("error", () => {});
  const reports = fds.flatMap((fd, index) => (fd === "pipe" ? [child.stdio[index + 3] as Readable] : []));
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    stdout: child.stdout,
    reports,
    exited,
    stop,
    [Symbol.asyncDispose]: () => stop().then(() => {}),
  };
}

const found = new Map<string, string>();

/** The path of a program by name on PATH, or of a path as given; null when it is not there or not executable. */
export function findProgram(program: string): string | null {
  const known = found.get(program);
  // What was found once may be gone.
  if (known && isExecutable(known)) return known;
  const candidates = program.includes("/")
    ? [program]
    : searchPath()
        .split(delimiter)
        .map((folder) => join(folder || ".", program));
  const path = candidates.find(isExecutable) ?? null;
  if (path) found.set(program, path);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const searchPath = () => process.env.PATH ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What every child may know of our environment. */
const toolEnvironment = () => ({
  PATH: searchPath(),
  LANG: process.env.LANG ?? "C.UTF-8",
  ...(process.env.TZ ? { TZ: process.env.TZ } : {}),
  // The path of a file: with it a child of ours trusts whom we trust.
  ...(process.env.NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS } : {}),
});

/** The words in front of a command that end it when this process is killed; none where the system has no such thing. */
export const deathGuard = (): readonly string[] => (process.platform === "linux" ? prefix("setpriv", "--pdeathsig", "KILL", "--") : []);

/** The same that make it give way, from its first thread on. */
const givingWay = (): readonly string[] => [...nice(), ...prefix("ionice", "-c", "2", "-n", "7")];
const nice = () => prefix("nice", "-n", String(lowNiceness));

const prefixes = new Map<string, readonly string[]>();

/** A program that starts the command behind its own options; nothing where it is not there or knows them not. */
function prefix(program: string, ...options: string[]): readonly string[] {
  const known = prefixes.get(program);
  if (known) return known;
  const path = findProgram(program);
  // Small systems have these programs without such an option, so each is tried once.
  const works = path !== null && spawnSync(path, [...options, "true"], { stdio: "ignore" }).status === 0;
  const words = works ? [path, ...options] : [];
  prefixes.set(program, words);
  return words;
}

async function ended(child: ChildProcess, secrets: readonly string[]): Promise<ToolExit> {
  const slack = Math.max(0, ...secrets.map((secret) => Buffer.byteLength(secret)));
  let tail = Buffer.alloc(0);
  child.stderr?.on("data", (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]);
    // The slack keeps a secret whole at the cut, where half of one would pass the redaction.
    if (tail.length > 2 * tailBytes + slack) tail = tail.subarray(-(tailBytes + slack));
  });
  const drained = new Promise<void>((resolve) => child.stderr?.once("close", resolve) ?? resolve());
  const end = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", (error) => {
      tail = Buffer.from(error.message);
      if (child.pid === undefined) resolve({ code: 127, signal: null });
    });
  });
  // A grandchild may still hold stderr open, so the wait for its end is bounded.
  await within(graceMs, drained);
  return { ...end, stderr: redact(tail.toString("utf8"), secrets).slice(-tailBytes).trim() };
}

/** `text` with each of the secrets taken out. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => (secret ? clean.replaceAll(secret, "[secret]") : clean), text);
}

async function stopGroup(child: ChildProcess, exited: Promise<ToolExit>): Promise<ToolExit> {
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      if (child.pid) process.kill(-child.pid, signal);
    } catch {
      // The group is gone, which is what was wanted.
    }
  };
  if (child.exitCode === null && child.signalCode === null) {
    signalGroup("SIGTERM");
    await within(graceMs, exited);
    // Also where the leader went at once: what it had started may still be there.
    signalGroup("SIGKILL");
  }
  return exited;
}

/** True when `work` settled within `ms`. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
