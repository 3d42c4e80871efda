import { formatBytes } from "../../shared/format.ts";
import { empty } from "./database.ts";
import type { Start } from "./database-backup.ts";
import { restored } from "./database-restore.ts";
import { figures, type Sample } from "./measure.ts";
import { watchMemory } from "./processes.ts";
import { limit, present, type Race } from "./races.ts";
import { startServer } from "./running-server.ts";
import type { Workplace } from "./workplace.ts";

const most = 600 * 1e6;
/** The server of the embedded catalog, and that of a drill: their memory is a setting, not ours to grow. */
const isDatabaseServer = (name: string) => name.startsWith("mariadbd");

/** How much memory the real server and all its processes take at most for a backup, a restore and a drill of the generated database. */
export async function peakRace(place: Workplace, bytes: number, { signal, say }: Start): Promise<Race> {
  await using sql = await place.sql();
  await empty(sql.connection, restored);
  await using server = await startServer(place, restored, null, signal);
  const found: { readonly name: string; readonly sample: Sample; readonly database: number }[] = [];
  const watched = async <T>(name: string, operation: () => Promise<T>): Promise<T> => {
    await using watch = watchMemory(server.pid, isDatabaseServer);
    const started = performance.now();
    const result = await operation();
    const [seconds, held] = [(performance.now() - started) / 1000, watch.held()];
    const database = Math.max(0, ...Object.entries(held.byName).flatMap(([program, at]) => (isDatabaseServer(program) ? [at] : [])));
    found.push({ name, sample: { seconds, storedBytes: 0, cpuSeconds: Number.NaN, extra: { peakMemory: held.most } }, database });
    say(`${name}: ${seconds.toFixed(1)} s, ${formatBytes(held.most)} of memory at most`);
    return result;
  };
  const backupId = await watched("backup", () => server.backUp("DATABASE"));
  await watched("restore", () => server.restore(backupId));
  await sql.connection.query(`DROP DATABASE ${restored}`);
  await watched("drill", () => server.drill(backupId));
  const peaks = found.map(({ sample }) => sample.extra?.peakMemory ?? Number.NaN);
  const bars = present([limit("Peak memory of all Holdfast processes", [Math.max(...peaks)], most, "bytes")]);
  const database = Math.max(...found.map((one) => one.database));
  const notes = [
    "The server with all its child processes, by proportional set size (what several share counts once), looked at four times a second.",
    `Not counted: the MariaDB of the embedded catalog and the throw-away one of the drill, ${formatBytes(database)} together at most.`,
  ];
  const contenders = found.map(({ name, sample }) => figures(name, [sample]));
  return { name: "memory", title: "Memory", bytes, contenders, bars, notes };
}
