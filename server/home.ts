import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acquireLock } from "./db/embedded/lock.ts";
import { prepareHome } from "./db/embedded/place.ts";
import { isAlive, markOf } from "./db/embedded/processes.ts";
import { Failure } from "./domain/errors.ts";

/** This process's claim to be the one server of a home folder. */
export interface Claim {
  /** The home folder's real path. */
  readonly home: string;
  release(): void;
}

/**
 * Claims `home`, which is made when missing, for one server. A second one fails at once with a sentence that names the first one's
 * process. A claim ends with its process, however that ends, so none is ever stale. Commands do not claim: they share the home.
 */
export async function claimHome(home: string): Promise<Claim> {
  const folder = await prepareHome(home);
  const file = join(folder, "server.lock");
  const unlock = await acquireLock(file, 0);
  const holder = readMark(file);
  // The second test is for file systems on which a lock does not outlive the program that took it for us.
  if (!unlock || (holder && holder.pid !== process.pid && (await isAlive(holder)))) {
    unlock?.();
    throw new Failure(
      "CONFLICT",
      `Another Holdfast server${holder ? ` (process ${holder.pid})` : ""} is running on the home folder ${folder}.`,
      "Stop that one first, or give this one a home folder of its own with HOLDFAST_HOME.",
    );
  }
  const mark = await markOf(process.pid);
  writeFileSync(file, `${process.pid} ${mark?.started}\n`);
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    truncateSync(file);
    unlock();
  };
  return { home: folder, release };
}

function readMark(file: string) {
  const [pid, started] = readFileSync(file, "utf8").trim().split(" ");
  return pid && started ? { pid: Number(pid), started } : null;
}
