import { readFile } from "node:fs/promises";

/** The kernel counts in hundredths, whatever its own clock does. */
const ticksPerSecond = 100;

/** CPU seconds that a process and those of its children that have ended took so far. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The program's name stands in brackets and may hold anything, so fields are counted behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
}
