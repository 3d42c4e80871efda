import { readFile } from "node:fs/promises";

/** The kernel counts in hundredths, whatever its own clock does. */
const ticksPerSecond = 100;
/** Fields of /proc/PID/stat: the process's own user and system time, and that of its children that have ended. */
const fieldsOf = { own: [11, 13], children: [13, 15], both: [11, 15] } as const;

/** CPU seconds that a process took so far, or those of its children that have ended, or both. */
export async function cpuSeconds(pid: number, whose: keyof typeof fieldsOf = "both"): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The program's name stands in brackets and may hold anything, so fields are counted behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(...fieldsOf[whose]).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
}
