import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import mysql from "mysql2/promise";
import { openThrowaway } from "../../server/db/embedded/throwaway.ts";
import { command } from "./command.ts";
import { demandEqual, sumsOf } from "./database.ts";
import type { Start } from "./database-backup.ts";
import { taken } from "./database-restore.ts";
import { databaseName } from "./generate.ts";
import { type Contender, interleave } from "./measure.ts";
import { present, type Race, ratio } from "./races.ts";
import { work } from "./worker.ts";
import type { Workplace } from "./workplace.ts";

const run = promisify(execFile);
const names = { stock: "zstd -dc | mariadb, of the same backup", drill: "Holdfast's drill", compared: "from loading to compared" } as const;

/** The drill of a PARALLEL backup beside the stock client's restore of the same file, both into a throw-away server of the same kind. */
export async function drillRace(place: Workplace, bytes: number, start: Start): Promise<Race> {
  const { rounds, signal, say, form } = start;
  const [root, home] = [join(place.folder, "to-drill"), join(place.folder, "drill-home")];
  await using sql = await place.sql();
  const original = await sumsOf(sql.connection, databaseName);
  try {
    await mkdir(home, { recursive: true });
    const backup = await taken(place, root, "PARALLEL", null, start);
    const dump = join(root, "shop/backup", backup.manifest.artifacts[0]?.name ?? "");
    const stock: Contender = {
      name: names.stock,
      async run() {
        await using server = await openThrowaway(home, { signal, bytes });
        const { socketPath, user } = server.connection;
        const client = `mariadb --no-defaults --socket="$2" --user="$3"`;
        await command(`${client} -e "CREATE DATABASE ${databaseName}"`, [dump, socketPath ?? "", user], signal);
        await run("sync");
        const sample = await command(`zstd -dc "$1" | ${client} ${databaseName}`, [dump, socketPath ?? "", user], signal);
        const restored = await mysql.createConnection({ socketPath: socketPath ?? "", user });
        demandEqual(original, await sumsOf(restored, databaseName).finally(() => restored.end()), names.stock);
        return { ...sample, storedBytes: 0 };
      },
    };
    const drill: Contender = {
      name: names.drill,
      async run() {
        await run("sync");
        const { done, ...sample } = await work({ kind: "drill", ...backup, folder: "shop/backup", home }, form, signal);
        return { ...sample, storedBytes: 0, extra: { ...sample.extra, restoreSeconds: done.restoreSeconds ?? Number.NaN } };
      },
    };
    const figures = await interleave([stock, drill], rounds, signal, say);
    const compared = figures.flatMap((one) =>
      one.name === names.drill
        ? [
            {
              ...one,
              name: names.compared,
              samples: one.samples.map((sample) => ({ ...sample, seconds: sample.extra?.restoreSeconds ?? Number.NaN })),
            },
          ]
        : [],
    );
    const bars = present([
      ratio(figures, names.drill, names.stock, null),
      ratio([...figures, ...compared], names.compared, names.stock, null),
    ]);
    const notes = [
      "The drill's time holds the throw-away server's making and its end, all checks of the stored bytes and the comparison of every table.",
      "What the stock client restored from Holdfast's file was compared with the original: equal.",
    ];
    return { name: "drill", title: "Drill of a database backup", bytes, contenders: figures, bars, notes };
  } finally {
    await rm(root, { recursive: true, force: true });
    await rm(home, { recursive: true, force: true });
  }
}
