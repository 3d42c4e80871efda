import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Memory of a process and all below it. */
export interface Held {
  /** Bytes at most at one time, by proportional set size: what several share is counted once among them. */
  readonly most: number;
  /** The same of the processes with this name alone, by name. */
  readonly byName: Readonly<Record<string, number>>;
}

const everyMilliseconds = 250;

/** Looks at the processes below `root`, itself among them, until it is disposed of; `held` tells what was seen. */
export function watchMemory(root: number, leaveOut: (name: string) => boolean = () => false) {
  const end = new AbortController();
  let most = 0;
  const byName: Record<string, number> = {};
  const look = () => {
    let sum = 0;
    const now: Record<string, number> = {};
    for (const { pid, name } of processesBelow(root)) {
      const bytes = proportional(pid);
      now[name] = (now[name] ?? 0) + bytes;
      if (!leaveOut(name)) sum += bytes;
    }
    most = Math.max(most, sum);
    for (const [name, bytes] of Object.entries(now)) byName[name] = Math.max(byName[name] ?? 0, bytes);
  };
  const watching = (async () => {
    while (!end.signal.aborted) {
      look();
      await sleep(everyMilliseconds, undefined, { signal: end.signal }).catch(() => {});
    }
  })();
  return {
    held: (): Held => ({ most, byName }),
    async [Symbol.asyncDispose]() {
      end.abort();
      await watching;
    },
  };
}

/** The process and all that it started and that they started, with their programs' names. */
export function processesBelow(root: number): { readonly pid: number; readonly name: string }[] {
  const children = new Map<number, { pid: number; name: string }[]>();
  const found: { pid: number; name: string }[] = [];
  for (const entry of readdirSync("/proc")) {
    const stat = /^\d+$/.test(entry) ? readOr(`/proc/${entry}/stat`) : "";
    const close = stat.lastIndexOf(")");
    if (close < 0) continue;
    const one = { pid: Number(entry), name: stat.slice(stat.indexOf("(") + 1, close) };
    const parent = Number(stat.slice(close + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), one]);
    if (one.pid === root) found.push(one);
  }
  // The list grows while it is read: that is how the grandchildren come in.
  for (const { pid } of found) found.push(...(children.get(pid) ?? []));
  return found;
}

const proportional = (pid: number) => Number(/^Pss:\s+(\d+) kB$/m.exec(readOr(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;

/** What is in a file of a process; nothing when that has gone. */
function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
