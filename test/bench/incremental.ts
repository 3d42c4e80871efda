import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Manifest } from "../../server/domain/manifest.ts";
import { command } from "./command.ts";
import { demandEqual } from "./database.ts";
import type { Start } from "./database-backup.ts";
import { bytesBelow, fingerprint } from "./folder.ts";
import { figures, type Sample } from "./measure.ts";
import type { Media } from "./media-races.ts";
import { onePercent, writeMedia } from "./media-tree.ts";
import { limit, present, type Race, ratio } from "./races.ts";
import { work } from "./worker.ts";

const run = promisify(execFile);
const runs = ["first run", "1 % of the files changed", "nothing changed"] as const;
type Run = (typeof runs)[number];

/** Somebody who keeps backups of a folder that build on each other. */
interface Keeper {
  readonly name: string;
  /** Makes an empty place for them. */
  begin(): Promise<void>;
  /** Takes the next one. */
  backUp(run: Run): Promise<Omit<Sample, "storedBytes">>;
  /** The folder that holds them, all that belongs to them counted. */
  readonly place: string;
  /** Restores the newest into `target`, and tells where in it the folder then lies. */
  restore(target: string): Promise<string>;
}

/** Backups of the folder one after the other: all of it, after one percent of its files changed, and when nothing changed. */
export async function incrementalRace(place: string, media: Media, start: Start): Promise<Race> {
  const { peers, rounds, signal, say } = start;
  const others = new Set<string>();
  const keepers = [...(peers.has("restic") ? [restic(place, media, start)] : []), holdfast(place, media, start, others)];
  const changing = onePercent(media.files);
  const samples = new Map<string, Sample[]>();
  const target = join(place, "restored");
  for (let round = 0; round < rounds; round += 1) {
    const inTurn = round % 2 ? keepers.toReversed() : keepers;
    for (const keeper of keepers) await keeper.begin();
    for (const step of runs) {
      if (step === runs[1]) await writeMedia(media.folder, changing, round + 1, signal);
      for (const keeper of inTurn) {
        const before = await bytesBelow(keeper.place);
        await run("sync");
        const sample = { ...(await keeper.backUp(step)), storedBytes: (await bytesBelow(keeper.place)) - before };
        const name = nameOf(keeper, step);
        samples.set(name, [...(samples.get(name) ?? []), sample]);
        say(`round ${round + 1}: ${name} ${sample.seconds.toFixed(2)} s, CPU ${sample.cpuSeconds.toFixed(2)} s`);
      }
    }
    const original = await fingerprint(media.folder, "microseconds");
    for (const keeper of keepers) {
      await mkdir(target);
      demandEqual(original, await fingerprint(await keeper.restore(target), "microseconds"), keeper.name);
      await rm(target, { recursive: true });
      await rm(keeper.place, { recursive: true });
    }
    await writeMedia(media.folder, changing, 0, signal);
  }
  const contenders = runs.flatMap((step) =>
    keepers.map((keeper) => figures(nameOf(keeper, step), samples.get(nameOf(keeper, step)) ?? [])),
  );
  const [own, other] = runs.map((step) => `${names.holdfast}, ${step}`).map((name, at) => [name, `${names.restic}, ${runs[at]}`] as const);
  const unchanged = samples.get(`${names.holdfast}, ${runs[2]}`)?.map(({ seconds }) => (seconds * 1e6) / media.files.length) ?? [];
  const bars = present([
    own ? ratio(contenders, ...own, 0.85) : null,
    other ? ratio(contenders, ...other, 0.6) : null,
    other ? ratio(contenders, ...other, 1, "storedBytes") : null,
    own ? ratio(contenders, ...own, null, "storedBytes") : null,
    limit("Holdfast INCREMENTAL, nothing changed", unchanged, 60, "ms per 1,000 files"),
  ]);
  const notes = [
    `${media.files.length} files, ${changing.length} of them changed. Both encrypt, compress, hash and deduplicate. restic's time holds its start; Holdfast's server is there already.`,
    "The bytes stored are by how much the place of the backups grew, everything counted. The newest backup of each round was restored and compared: equal.",
    ...others,
    ...peers.missing("restic"),
  ];
  return { name: "incremental", title: "Media, incremental", bytes: media.bytes, contenders, bars, notes };
}

const names = { restic: "restic", holdfast: "Holdfast INCREMENTAL, encrypted" } as const;
const nameOf = ({ name }: Keeper, step: Run) => `${name}, ${step}`;

function restic(place: string, media: Media, { signal }: Start): Keeper {
  const own = join(place, "restic");
  const [repository, password, cache] = [join(own, "repository"), join(place, "restic-password"), join(place, "restic-cache")];
  const tool = (words: string, ...more: string[]) =>
    command(`restic -q --repo "$1" --password-file "$2" --cache-dir "$3" ${words}`, [repository, password, cache, ...more], signal);
  return {
    name: names.restic,
    place: own,
    async begin() {
      await mkdir(own);
      await writeFile(password, "a password of the bench", { mode: 0o600 });
      await rm(cache, { recursive: true, force: true });
      await tool("init --repository-version 2");
    },
    backUp: () => tool('backup "$4"', media.folder),
    async restore(target) {
      await tool('restore latest --target "$4"', target);
      return join(target, media.folder);
    },
  };
}

function holdfast(place: string, media: Media, { key, form, signal }: Start, others: Set<string>): Keeper {
  const own = join(place, "incremental");
  const task = { key, root: own } as const;
  let [previous, count]: [Manifest | null, number] = [null, 0];
  return {
    name: names.holdfast,
    place: own,
    async begin() {
      await mkdir(own);
      previous = null;
    },
    async backUp() {
      count += 1;
      const packs = { folder: "media/packs", previous };
      const backup = { ...task, kind: "media-backup" as const, folder: `media/backup-${count}`, media: media.folder, packs };
      const { done, ...sample } = await work(backup, form, signal);
      previous = done.manifest ?? null;
      if (!previous?.media?.packs) others.add("Holdfast took an ARCHIVE where an INCREMENTAL backup was asked for.");
      return sample;
    },
    async restore(target) {
      if (!previous) throw new Error("There is no backup to restore");
      await work({ ...task, kind: "media-restore", folder: `media/backup-${count}`, media: target, manifest: previous }, form, signal);
      return target;
    },
  };
}
