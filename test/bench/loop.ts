import { empty } from "./database.ts";
import type { Start } from "./database-backup.ts";
import { restored } from "./database-restore.ts";
import { figures, type Sample } from "./measure.ts";
import type { Media } from "./media-races.ts";
import { limit, present, type Race } from "./races.ts";
import { startServer } from "./running-server.ts";
import type { Workplace } from "./workplace.ts";

const most = 50;

/**
 * How late the real server's event loop is while a backup of a database, a restore of one and a backup of media run at once: those
 * that end early begin again until the restore has ended.
 */
export async function loopDelay(place: Workplace, media: Media, { rounds, signal, say }: Start): Promise<Race> {
  await using sql = await place.sql();
  await empty(sql.connection, restored);
  await using server = await startServer(place, restored, media.folder, signal);
  const samples: Sample[] = [];
  const backupId = await server.backUp("DATABASE");
  for (let round = 0; round < rounds; round += 1) {
    // Reading it begins a new measurement.
    await server.metric(p99);
    const started = performance.now();
    let restoring = true;
    const again = async (what: "DATABASE" | "MEDIA") => {
      while (restoring) await server.backUp(what);
    };
    const restore = server.restore(backupId).finally(() => {
      restoring = false;
    });
    const others = Promise.all([again("DATABASE"), again("MEDIA")]);
    await restore;
    const seconds = (performance.now() - started) / 1000;
    const loopP99 = (await server.metric(p99)) * 1000;
    await others;
    samples.push({ seconds, storedBytes: 0, cpuSeconds: Number.NaN, extra: { loopP99 } });
    say(`round ${round + 1}: three operations for ${seconds.toFixed(1)} s, event loop late by ${loopP99.toFixed(1)} ms at p99`);
  }
  await sql.connection.query(`DROP DATABASE ${restored}`);
  const delays = samples.map(({ extra }) => extra?.loopP99 ?? Number.NaN);
  const bars = present([limit("Delay of the server's event loop at the 99th percentile", delays, most, "ms")]);
  const notes = [
    "By the server's own metric nodejs_eventloop_lag_p99_seconds, over the restore's whole time; its timer alone makes 10 ms of it.",
  ];
  return {
    ...{ name: "loop", title: "Event loop while three operations run", bytes: null },
    ...{ contenders: [figures("backup and restore of a database, backup of media", samples)], bars, notes },
  };
}

const p99 = "nodejs_eventloop_lag_p99_seconds";
