import { randomBytes } from "node:crypto";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAlive, markOf } from "./processes.ts";

/** Records this process as a user of the embedded catalog. Call it under the lock; the result removes the record. */
export async function addUser(usersFolder: string): Promise<() => Promise<void>> {
  const mark = await markOf(process.pid);
  const file = join(usersFolder, `${process.pid}-${mark?.started}-${randomBytes(4).toString("hex")}`);
  await writeFile(file, "", { flag: "wx", mode: 0o600 });
  return () => rm(file, { force: true });
}

/** Whether a live process still uses the catalog; records of dead ones are cleared. Call it under the lock. */
export async function isUsed(usersFolder: string): Promise<boolean> {
  let used = false;
  for (const name of await readdir(usersFolder)) {
    const [pid, started = ""] = name.split("-");
    if (await isAlive({ pid: Number(pid), started })) used = true;
    else await rm(join(usersFolder, name), { force: true });
  }
  return used;
}
