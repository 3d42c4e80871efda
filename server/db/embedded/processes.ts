import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";

/** One process for good: a pid alone may be given again to another. `started` is in clock ticks since boot. */
export interface ProcessMark {
  readonly pid: number;
  readonly started: string;
}

/** The mark of a process, or null when it is not alive; a zombie counts as dead. */
export async function markOf(pid: number): Promise<ProcessMark | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null);
  if (stat === null) return null;
  // The second field is the program's name in parentheses and may hold anything, so fields are counted after its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields[0], fields[19]];
  return started === undefined || state === "Z" || state === "X" ? null : { pid, started };
}

/** Whether the very process that made this mark still runs. */
export const isAlive = async (mark: ProcessMark): Promise<boolean> => (await markOf(mark.pid))?.started === mark.started;

/** The mariadbd that was started on exactly this data folder, found by its command line; null when there is none. */
export async function findServer(dataFolder: string): Promise<ProcessMark | null> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    const [program, ...args] = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (program && basename(program) === "mariadbd" && args.includes(`--datadir=${dataFolder}`)) {
      const mark = await markOf(pid);
      if (mark) return mark;
    }
  }
  return null;
}
