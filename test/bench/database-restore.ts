import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Manifest } from "../../server/domain/manifest.ts";
import type { DatabaseEngine } from "../../shared/enums.ts";
import { command } from "./command.ts";
import { connectionTo, demandEqual, empty, settle, sumsOf, withServer } from "./database.ts";
import { mydumper, type Start, stockDump } from "./database-backup.ts";
import { bytesBelow } from "./folder.ts";
import { databaseName } from "./generate.ts";
import { type Contender, interleave, type Sample } from "./measure.ts";
import { present, processorLimit, type Race, ratio } from "./races.ts";
import type { Key } from "./work.ts";
import { work } from "./worker.ts";
import type { Workplace } from "./workplace.ts";

const run = promisify(execFile);

export const restored = "restored";
const names = {
  gunzip: "gunzip -c | mariadb",
  zstd: "zstd -dc | mariadb",
  myloader: "myloader, 2 threads, from uncompressed files",
  stock: "Holdfast, of a MYSQLDUMP backup",
  parallel: "Holdfast, of a PARALLEL backup",
  sealed: "Holdfast, of an encrypted PARALLEL backup",
  unlogged: "Holdfast, of a PARALLEL backup, without binary log",
} as const;

/** Restores of the generated database into one that is there and empty, each compared with the original afterwards. */
export async function databaseRestoreRace(place: Workplace, bytes: number, start: Start): Promise<Race> {
  const { peers, rounds, signal, say, key, form } = start;
  const folder = join(place.folder, "to-restore");
  await mkdir(join(folder, "myloader"), { recursive: true });
  await using sql = await place.sql();
  const original = await sumsOf(sql.connection, databaseName);
  const ours = (kind: DatabaseEngine, seal: Key | null) => taken(place, join(folder, `${kind}${seal ? "-sealed" : ""}`), kind, seal, start);

  /** A restore into an empty database on a server that has nothing left to do, and what came of it compared. */
  const contender = (name: string, restore: () => Promise<Omit<Sample, "storedBytes">>): Contender => ({
    name,
    async run() {
      await empty(sql.connection, restored);
      await settle(sql.connection, signal);
      await run("sync");
      const sample = await withServer(place, restore);
      demandEqual(original, await sumsOf(sql.connection, restored), name);
      return { seconds: sample.seconds, cpuSeconds: sample.cpuSeconds, extra: sample.extra ?? {}, storedBytes: 0 };
    },
  });
  const shell = (name: string, script: string) => contender(name, () => command(script, [place.optionFile, folder, restored], signal));
  const holdfast = (name: string, backup: Backup, skipBinaryLog = false) => {
    const connection = { ...connectionTo(place, restored), skipBinaryLog };
    return contender(name, () => work({ kind: "database-restore", ...backup, folder: "shop/backup", connection }, form, signal));
  };
  try {
    await command(`${stockDump} | tee >(gzip -6 > "$2/dump.gz") | zstd -q -3 > "$2/dump.zst"; wait`, [place.optionFile, folder], signal);
    if (peers.has("mydumper")) await command(mydumper, [place.optionFile, join(folder, "myloader")], signal);
    const parallel = await ours("PARALLEL", null);
    const contenders = [
      shell(names.gunzip, `gunzip -c "$2/dump.gz" | mariadb --defaults-file="$1" "$3"`),
      shell(names.zstd, `zstd -dc "$2/dump.zst" | mariadb --defaults-file="$1" "$3"`),
      ...(peers.has("mydumper") ? [shell(names.myloader, `myloader --defaults-file="$1" -B "$3" -d "$2/myloader" -t 2 -o -v 0`)] : []),
      holdfast(names.stock, await ours("MYSQLDUMP", null)),
      holdfast(names.parallel, parallel),
      holdfast(names.unlogged, parallel, true),
      holdfast(names.sealed, await ours("PARALLEL", key)),
    ];
    const figures = await interleave(contenders, rounds, signal, say);
    const bars = present([
      ratio(figures, names.parallel, names.gunzip, 0.3),
      ratio(figures, names.parallel, names.myloader, 0.8),
      ratio(figures, names.unlogged, names.gunzip, null),
      ratio(figures, names.unlogged, names.myloader, null),
      ratio(figures, names.sealed, names.gunzip, null),
      ratio(figures, names.stock, names.gunzip, null),
    ]);
    const notes = [
      "Ours reads and proves the whole file first, loads into a scratch schema, compares it and swaps it in; the others load and compare nothing.",
      "After each restore rows and CHECKSUM TABLE of all tables, keys, views, triggers, routines and events were compared with the original's: equal.",
      "The server keeps a binary log, as a shop's own does, and all of it is logged, save where it says so and by myloader, which leaves the log out unless it is told otherwise.",
      ...processorLimit(figures, names.parallel),
      ...peers.missing("mydumper"),
    ];
    return { name: "database-restore", title: "Database restore", bytes, contenders: figures, bars, notes };
  } finally {
    await sql.connection.query(`DROP DATABASE IF EXISTS ${restored}`);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A backup of the generated database that stays in a folder. */
export interface Backup {
  readonly root: string;
  readonly key: Key | null;
  readonly manifest: Manifest;
}

export async function taken(
  place: Workplace,
  root: string,
  engine: DatabaseEngine,
  key: Key | null,
  { form, signal }: Start,
): Promise<Backup> {
  await mkdir(root, { recursive: true });
  const task = {
    kind: "database-backup" as const,
    key,
    root,
    folder: "shop/backup",
    connection: connectionTo(place, databaseName),
    engine,
  };
  const { manifest } = (await work(task, form, signal)).done;
  if (!manifest || !(await bytesBelow(root))) throw new Error("The backup to restore was not taken");
  return { root, key, manifest };
}
