import { getPriority, setPriority } from "node:os";

/** Low enough to give way to whatever serves people, and not so low that its turn never comes. */
export const lowNiceness = 10;

/**
 * Makes a process give way with the processor, and on Linux with the disk; without `pid` the thread that calls. There is
 * no way back without root, so a thread that does this is a thread for that work alone.
 */
export function giveWay(pid = 0): void {
  try {
    if (getPriority(pid) < lowNiceness) setPriority(pid, lowNiceness);
  } catch {
    // It is gone already, or the system has no priorities: the work is the same.
  }
}
