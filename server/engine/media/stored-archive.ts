import { Failure } from "../../domain/errors.ts";
import type { Manifest, MediaSummary } from "../../domain/manifest.ts";
import { decompressor } from "../codec/compress.ts";
import type { MediaContent } from "../content.ts";
import type { Storage } from "../storage/storage.ts";
import { damaged } from "./names.ts";
import { readProved } from "./proved.ts";
import { notInBackup, selection } from "./selection.ts";
import { type TarEntry, untar } from "./untar.ts";

/**
 * The archive of a backup as a restore or a drill reads it. With `paths` the folders that lead to them come too, so that
 * one which is missing in a target gets its own mode and time. A path that the backup does not hold is BAD_USER_INPUT; a
 * backup without media is NOT_FOUND.
 */
export function storedArchive(storage: Storage, folder: string, manifest: Manifest): MediaContent {
  const { media: summary, compression } = manifest;
  const artifact = manifest.artifacts.find(({ part }) => part === "media");
  if (!summary || !artifact) throw new Failure("NOT_FOUND", "This backup holds no media.", "Choose a backup of the type MEDIA or FULL.");
  const all = (signal: AbortSignal) =>
    counted(untar(decompressor(compression, signal)(readProved(storage, folder, artifact, signal)), signal), summary);

  return {
    summary,
    async verify(_paths, { signal }, observe) {
      let stored = 0;
      for await (const piece of readProved(storage, folder, artifact, signal)) {
        stored += piece.length;
        observe(stored);
      }
    },
    entries: (paths, signal) => (paths ? filtered(all(signal), paths) : all(signal)),
    measure: async () => ({ files: summary.files, directories: summary.directories, links: summary.links, bytes: artifact.size }),
  };
}

/** The same entries; throws at their end when they are not as many as the manifest says. */
async function* counted(entries: AsyncIterable<TarEntry>, { files, directories, links }: MediaSummary): AsyncGenerator<TarEntry, void> {
  const found = { file: 0, hardlink: 0, directory: 0, link: 0 };
  for await (const entry of entries) {
    found[entry.kind] += 1;
    yield entry;
  }
  const [wanted, is] = [
    { files, directories, links },
    { files: found.file + found.hardlink, directories: found.directory, links: found.link },
  ].map((counts) => JSON.stringify(counts));
  if (wanted !== is) throw damaged(`it holds ${is}, the manifest says ${wanted}`);
}

/** Those that were asked for, out of an archive without an index. */
async function* filtered(entries: AsyncIterable<TarEntry>, paths: readonly string[]): AsyncGenerator<TarEntry, void> {
  const chosen = selection(paths);
  const missing = new Set(chosen.paths);
  for await (const entry of entries) {
    const path = entry.name.replace(/^(?:\.\/)+|\/+$/g, "");
    for (const wanted of missing) if (path === wanted || path.startsWith(`${wanted}/`)) missing.delete(wanted);
    if (chosen.has(path) || (entry.kind === "directory" && chosen.isAbove(path))) yield entry;
  }
  for (const path of missing) throw notInBackup(path);
}
