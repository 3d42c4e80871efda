import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DatabaseEngine } from "../../shared/enums.ts";
import { command } from "./command.ts";
import { connectionTo, withServer } from "./database.ts";
import { bytesBelow } from "./folder.ts";
import { databaseName } from "./generate.ts";
import { type Contender, interleave } from "./measure.ts";
import type { Peers } from "./peers.ts";
import { present, processorLimit, type Race, ratio } from "./races.ts";
import type { Key } from "./work.ts";
import { type Form, work } from "./worker.ts";
import type { Workplace } from "./workplace.ts";

const run = promisify(execFile);

/** What a race is given. */
export interface Start {
  readonly form: Form;
  readonly key: Key;
  readonly peers: Peers;
  readonly rounds: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export const stockDump = `mariadb-dump --defaults-file="$1" --single-transaction --quick --routines --triggers --events --hex-blob ${databaseName}`;
export const names = {
  gzip: "mariadb-dump | gzip -6",
  zstd: "mariadb-dump | zstd -3 -T0",
  cipher: "mariadb-dump | zstd -3 -T0 | openssl enc -aes-256-ctr",
  mydumper: "mydumper, 2 threads, uncompressed files",
  stock: "Holdfast MYSQLDUMP",
  parallel: "Holdfast PARALLEL",
  sealed: "Holdfast PARALLEL, encrypted",
} as const;

/** Backups of the generated database, by the engine and by its peers, each until it is on the disk. */
export async function databaseBackupRace(place: Workplace, bytes: number, start: Start): Promise<Race> {
  const { peers, rounds, signal, say, key } = start;
  const others = new Set<string>();
  const line = (name: string, pipe: string) => shellContender(place, name, `${stockDump} ${pipe} > "$2/dump" && sync "$2/dump"`);
  const contenders = [
    line(names.gzip, "| gzip -6"),
    line(names.zstd, "| zstd -q -3 -T0"),
    line(names.cipher, "| zstd -q -3 -T0 | openssl enc -aes-256-ctr -K $(printf '%064d' 1) -iv $(printf '%032d' 1)"),
    ...(peers.has("mydumper") ? [shellContender(place, names.mydumper, `${mydumper} && sync "$2"/*`)] : []),
    holdfastContender(place, names.stock, "MYSQLDUMP", null, start, others),
    holdfastContender(place, names.parallel, "PARALLEL", null, start, others),
    holdfastContender(place, names.sealed, "PARALLEL", key, start, others),
  ];
  const figures = await interleave(contenders, rounds, signal, say, { warmUp: true });
  const bars = present([
    ratio(figures, names.parallel, names.gzip, 0.25),
    ratio(figures, names.sealed, names.gzip, 0.28),
    ratio(figures, names.parallel, names.zstd, 0.75),
    ratio(figures, names.parallel, names.gzip, 1, "storedBytes"),
    ratio(figures, names.sealed, names.cipher, null),
    ratio(figures, names.stock, names.gzip, null),
  ]);
  const notes = [...processorLimit(figures, names.parallel), ...others, ...peers.missing("mydumper")];
  return { name: "database-backup", title: "Database backup", bytes, contenders: figures, bars, notes };
}

/** $1 is the option file with the password, $2 the folder. */
export const mydumper = `mydumper --defaults-file="$1" -B ${databaseName} -t 2 -r 200000 -o "$2" -G -E -R --trx-consistency-only -v 0`;

function shellContender(place: Workplace, name: string, script: string): Contender {
  return {
    name,
    async run(signal) {
      const folder = join(place.folder, "peer");
      await mkdir(folder);
      await run("sync");
      const sample = await withServer(place, () => command(script, [place.optionFile, folder], signal));
      const storedBytes = await bytesBelow(folder);
      await rm(folder, { recursive: true });
      return { ...sample, storedBytes };
    },
  };
}

function holdfastContender(
  place: Workplace,
  name: string,
  engine: DatabaseEngine,
  key: Key | null,
  { form }: Start,
  others: Set<string>,
): Contender {
  return {
    name,
    async run(signal) {
      const root = join(place.folder, "holdfast");
      await mkdir(root);
      await run("sync");
      const connection = connectionTo(place, databaseName);
      const { done, ...sample } = await withServer(place, () =>
        work({ kind: "database-backup", key, root, folder: "shop/backup", connection, engine }, form, signal),
      );
      const used = done.manifest?.database?.engine;
      // The engine says why it took another way, which the reader of the figures has to know.
      if (used !== engine) others.add(`${name} was taken by ${used}: ${done.said.join(" ")}`);
      const storedBytes = await bytesBelow(root);
      await rm(root, { recursive: true });
      return { ...sample, storedBytes };
    },
  };
}
