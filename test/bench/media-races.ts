import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { formatBytes, formatCount } from "../../shared/format.ts";
import { command } from "./command.ts";
import { demandEqual } from "./database.ts";
import type { Start } from "./database-backup.ts";
import { bytesBelow, fingerprint } from "./folder.ts";
import { type Contender, interleave } from "./measure.ts";
import { type MediaFile, mediaFiles, writeMedia } from "./media-tree.ts";
import { present, type Race, ratio } from "./races.ts";
import type { Key } from "./work.ts";
import { work } from "./worker.ts";

const run = promisify(execFile);

const full = {
  gzip: "tar | gzip -6",
  zstd: "tar | zstd -3 -T0",
  cipher: "tar | zstd -3 -T0 | openssl enc -aes-256-ctr",
  plain: "Holdfast ARCHIVE",
  sealed: "Holdfast ARCHIVE, encrypted",
} as const;
const back = {
  gunzip: "gunzip -c | tar -x",
  zstd: "zstd -dc | tar -x",
  plain: "Holdfast, of an ARCHIVE backup",
  sealed: "Holdfast, of an encrypted ARCHIVE backup",
} as const;

/** A generated folder of media, with what it holds. */
export interface Media {
  readonly folder: string;
  readonly bytes: number;
  readonly files: readonly MediaFile[];
}

export async function makeMedia(place: string, megabytes: number, { signal, say }: Start): Promise<Media> {
  const [folder, files] = [join(place, "media"), mediaFiles(megabytes)];
  say(`Writing ${formatCount(files.length, "file")} of media, ${formatBytes(megabytes * 1e6)}.`);
  await writeMedia(folder, files, 0, signal);
  await run("sync");
  return { folder, bytes: await bytesBelow(folder), files };
}

/** Full backups of the folder, by the engine and by its peers, each until it is on the disk. */
export async function mediaRace(place: string, media: Media, start: Start): Promise<Race> {
  const { rounds, signal, say, key, form } = start;
  const shell = (name: string, pipe: string): Contender => ({
    name,
    async run() {
      const file = join(place, "peer.archive");
      await run("sync");
      const sample = await command(`tar -C "$1" -cf - . ${pipe} > "$2" && sync "$2"`, [media.folder, file], signal);
      const { stdout } = await run("stat", ["-c", "%s", file]);
      await rm(file);
      return { ...sample, storedBytes: Number(stdout) };
    },
  });
  const holdfast = (name: string, seal: Key | null): Contender => ({
    name,
    async run() {
      const root = join(place, "holdfast");
      await mkdir(root);
      await run("sync");
      const { done, ...sample } = await work(
        { kind: "media-backup", key: seal, root, folder: "shop/backup", media: media.folder, packs: null },
        form,
        signal,
      );
      if (done.manifest?.media?.files !== media.files.length)
        throw new Error(`${name} has ${done.manifest?.media?.files} files of ${media.files.length}`);
      const storedBytes = await bytesBelow(root);
      await rm(root, { recursive: true });
      return { ...sample, storedBytes };
    },
  });
  const contenders = [
    shell(full.gzip, "| gzip -6"),
    shell(full.zstd, "| zstd -q -3 -T0"),
    shell(full.cipher, "| zstd -q -3 -T0 | openssl enc -aes-256-ctr -K $(printf '%064d' 1) -iv $(printf '%032d' 1)"),
    holdfast(full.plain, null),
    holdfast(full.sealed, key),
  ];
  const figures = await interleave(contenders, rounds, signal, say, { warmUp: true });
  const bars = present([
    ratio(figures, full.plain, full.gzip, 0.12),
    ratio(figures, full.sealed, full.cipher, 1.25),
    ratio(figures, full.plain, full.zstd, null),
    ratio(figures, full.plain, full.gzip, null, "storedBytes"),
  ]);
  return { name: "media", title: "Media, full backup", bytes: media.bytes, contenders: figures, bars, notes: [] };
}

/** Restores of the folder into an empty one, until it is on the disk, each compared with the original afterwards. */
export async function mediaRestoreRace(place: string, media: Media, start: Start): Promise<Race> {
  const { rounds, signal, say, key, form } = start;
  const [folder, target] = [join(place, "to-unpack"), join(place, "unpacked")];
  await mkdir(folder);
  const originals = { seconds: await fingerprint(media.folder, "seconds"), microseconds: await fingerprint(media.folder, "microseconds") };
  const contender = (name: string, times: keyof typeof originals, restore: () => ReturnType<typeof command>): Contender => ({
    name,
    async run() {
      await mkdir(target);
      await run("sync");
      const sample = await restore();
      demandEqual(originals[times], await fingerprint(target, times), name);
      await rm(target, { recursive: true });
      return { ...sample, storedBytes: 0 };
    },
  });
  const shell = (name: string, unpack: string, file: string) =>
    contender(name, "seconds", () => command(`${unpack} "$1" | tar -C "$2" -xpf - && sync -f "$2"`, [join(folder, file), target], signal));
  const holdfast = async (name: string, seal: Key | null) => {
    const backup = { key: seal, root: join(folder, seal ? "sealed" : "plain"), folder: "shop/backup" };
    await mkdir(backup.root);
    const { manifest } = (await work({ kind: "media-backup", ...backup, media: media.folder, packs: null }, form, signal)).done;
    if (!manifest) throw new Error("The backup to restore was not taken");
    return contender(name, "microseconds", async () => {
      const { done: _, ...sample } = await work({ kind: "media-restore", ...backup, media: target, manifest }, form, signal);
      return { ...sample, extra: { ...sample.extra, peakMemory: sample.extra?.peakMemory ?? 0 } };
    });
  };
  try {
    await command(`tar -C "$1" -cf - . | tee >(gzip -6 > "$2/gz") | zstd -q -3 -T0 > "$2/zst"; wait`, [media.folder, folder], signal);
    const contenders = [
      shell(back.gunzip, "gunzip -c <", "gz"),
      shell(back.zstd, "zstd -dc <", "zst"),
      await holdfast(back.plain, null),
      await holdfast(back.sealed, key),
    ];
    const figures = await interleave(contenders, rounds, signal, say);
    const bars = present([
      ratio(figures, back.plain, back.gunzip, 0.7),
      ratio(figures, back.plain, back.zstd, null),
      ratio(figures, back.sealed, back.gunzip, null),
    ]);
    const notes = [
      "Ours reads and proves the whole file first, unpacks beside the folder, compares every file's SHA-256 and swaps; the others do nothing of it.",
      "After each restore the SHA-256, rights and times of all files and folders were compared with the original's: equal.",
    ];
    return { name: "media-restore", title: "Media restore", bytes: media.bytes, contenders: figures, bars, notes };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(target, { recursive: true, force: true });
  }
}
