import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

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

/** Ends the process at once and waits until it has gone. */
export async function killProcess(mark: ProcessMark): Promise<void> {
  if (await isAlive(mark)) signalTo(mark, "SIGKILL");
  while (await isAlive(mark)) await sleep(5);
}

export function signalTo({ pid }: ProcessMark, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It went between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The mariadbd that was started on exactly this data folder, found by its command line; null when there is none. */
export async function findServer(dataFolder: string): Promise<ProcessMark | null> {
  return (await serversWhere((option) => option === `--datadir=${dataFolder}`))[0] ?? null;
}

/** Every mariadbd whose data folder lies below `folder`, one that only installs its data included. */
export const findServersBelow = (folder: string): Promise<ProcessMark[]> =>
  serversWhere((option) => option.startsWith(`--datadir=${folder}/`));

async function serversWhere(isIt: (option: string) => boolean): Promise<ProcessMark[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: ProcessMark[] = [];
  for (const pid of pids) {
    const [program, ...args] = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (!program || basename(program) !== "mariadbd" || !args.some(isIt)) continue;
    const mark = await markOf(pid);
    if (mark) found.push(mark);
  }
  return found;
}
