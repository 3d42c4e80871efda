import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** This process as the holder of leases: host, pid and start time, so that a reused pid is not taken for it. */
export const thisWorker = (): string => `${hostname()} ${process.pid} ${startTimeOf(process.pid)}`;

/** Whether the process that holds a lease certainly ended: known only on its own host; elsewhere the lease decides. */
export function workerIsGone(worker: string): boolean {
  const [host, pid, startTime] = worker.split(" ");
  return host === hostname() && startTimeOf(Number(pid)) !== startTime;
}

/** Field 22 of /proc/PID/stat, in clock ticks since boot; empty when there is no such process. */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, in parentheses, may hold spaces: count fields from behind it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
