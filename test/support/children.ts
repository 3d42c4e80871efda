import { readdir, readFile } from "node:fs/promises";

/** The ids of this process's own children that have the word in their command line. */
export async function childrenWith(word: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, stat] = await Promise.all(
        ["cmdline", "stat"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
      );
      const parent = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return command?.includes(word) && parent === process.pid ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
