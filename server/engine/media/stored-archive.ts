import { createHash } from "node:crypto";
import { Failure } from "../../domain/errors.ts";
import type { Manifest, MediaSummary } from "../../domain/manifest.ts";
import { decompressor } from "../codec/decompress.ts";
import type { MediaContent } from "../content.ts";
import { letGo } from "../handed-over.ts";
import type { Storage } from "../storage/storage.ts";
import type { IndexEntry } from "./index-line.ts";
import { openIndex, readFrames, readIndex } from "./index-reader.ts";
import type { MediaIndex } from "./media-index.ts";
import { damaged } from "./names.ts";
import { readProved } from "./proved.ts";
import { filtered, measured, positionsOf, rangesOf } from "./selection.ts";
import { areFramesOf, StoredFrames } from "./stored-frames.ts";
import { type TarEntry, untar } from "./untar.ts";

/**
 * The archive of a backup as a restore or a drill reads it. With `paths` only the frames that hold them are read, where
 * the backup has an index; the folders that lead to them come too, so that one which is missing in a target gets its own
 * mode and time. A path that the backup does not hold is BAD_USER_INPUT; a backup without media is NOT_FOUND.
 */
export function storedArchive(storage: Storage, folder: string, manifest: Manifest, sealed?: Sealed): MediaContent {
  const { media: summary, compression } = manifest;
  const artifact = manifest.artifacts.find(({ part }) => part === "media");
  if (!summary || !artifact) throw new Failure("NOT_FOUND", "This backup holds no media.", "Choose a backup of the type MEDIA or FULL.");
  const stored = { storage, folder, manifest };

  // Read once for all that is asked of it; a reading that failed or was cancelled is begun anew.
  let opened: Promise<MediaIndex | null> | null = null;
  const indexOf = (signal: AbortSignal) => {
    opened ??= openIndex(stored, signal).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };

  const tar = async function* (signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    // One whose frames are not those of its index is proved by its own checksum, and by what is in it, all the same.
    const frames = compression === "NONE" ? null : await readFrames(stored, signal);
    if (frames && areFramesOf(artifact, frames)) yield* new StoredFrames(storage, folder, artifact, compression, frames).all(signal);
    else yield* decompressor(compression, signal)(readProved(storage, folder, artifact, signal));
  };
  const all = (signal: AbortSignal) => counted(untar(tar(signal), signal), summary);

  const some = async function* (paths: readonly string[], signal: AbortSignal): AsyncGenerator<TarEntry, void> {
    const index = await indexOf(signal);
    if (!index) return yield* filtered(all(signal), paths);
    const positions = positionsOf(index, paths);
    const frames = new StoredFrames(storage, folder, artifact, compression, index.frames);
    const chosen = async function* () {
      for (const [from, to] of rangesOf(index, positions)) yield* frames.read(from, to, signal);
      yield endMark;
    };
    yield* checked(untar(chosen(), signal), index, positions);
  };

  return {
    summary,
    async verify(paths, { signal }, observe) {
      let bytes = 0;
      const count = (piece: Uint8Array) => {
        bytes += piece.length;
        observe(bytes);
      };
      if (!paths || !summary.index)
        for (const file of filesOf(sealed?.manifest ?? manifest)) {
          for await (const piece of readProved(sealed?.storage ?? storage, folder, file, signal)) {
            count(piece);
            letGo(piece);
          }
          if (sealed) await open(storage, `${folder}/${file.name}`);
        }
      else for await (const entry of some(paths, signal)) for await (const piece of entry.body) count(piece);
    },
    entries: (paths, signal) => (paths ? some(paths, signal) : all(signal)),
    async measure(paths) {
      const index = paths && (await indexOf(new AbortController().signal));
      if (paths && index) return measured(index, positionsOf(index, paths));
      return { files: summary.files, directories: summary.directories, links: summary.links, bytes: artifact.size };
    },
    ...(summary.index && {
      async *list(paths, signal) {
        if (!paths) for await (const { entries } of readIndex(stored, signal) ?? []) yield* entries;
        else {
          const index = await indexOf(signal);
          if (index) for (const [from, to] of positionsOf(index, paths)) for (let at = from; at < to; at += 1) yield index.entry(at);
        }
      },
    }),
  };
}

/** A backup as it lies there, where what is read of it is decrypted first. */
interface Sealed {
  readonly storage: Storage;
  readonly manifest: Manifest;
}

/** The archive, and its index where it has one. */
const filesOf = ({ artifacts, media }: Manifest) => [
  ...artifacts.filter(({ part }) => part === "media"),
  ...(media?.index ? [media.index] : []),
];

/** Opens an encrypted file: proved as it is stored, it needs nothing else but the right key. */
async function open(storage: Storage, name: string): Promise<void> {
  for await (const _ of await storage.get(name, { start: 0, end: 0 }));
}

/** What a tar ends with; the chosen entries alone have none. */
const endMark = new Uint8Array(2 * 512);

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

/** The same entries; throws when one is not what the index says, a file's content with its last bytes. */
async function* checked(
  entries: AsyncIterable<TarEntry>,
  index: MediaIndex,
  positions: readonly (readonly [number, number])[],
): AsyncGenerator<TarEntry, void> {
  const expected = (function* () {
    for (const [from, to] of positions) for (let at = from; at < to; at += 1) yield index.entry(at);
  })();
  for await (const entry of entries) {
    const wanted = expected.next().value;
    if (!wanted || !isSame(entry, wanted)) throw damaged(`${JSON.stringify(entry.name).slice(0, 500)} is not what its index says`);
    yield wanted.kind === "FILE" ? { ...entry, body: checkedBody(entry, wanted) } : entry;
  }
  if (!expected.next().done) throw damaged("it holds less than its index says");
}

/** An archive that is stored as it is has no checksum but the content's: so all that is restored is compared. */
const isSame = (entry: TarEntry, wanted: IndexEntry) =>
  entry.name.replace(/\/$/, "") === wanted.path &&
  kinds[entry.kind] === wanted.kind &&
  entry.size === wanted.size &&
  entry.mode === wanted.mode &&
  Math.abs(entry.mtime - wanted.mtime / 1000) < 2e-6 &&
  (wanted.kind !== "LINK" || entry.target === wanted.target);

const kinds = { file: "FILE", directory: "DIRECTORY", link: "LINK", hardlink: null } as const;

async function* checkedBody({ body }: TarEntry, { path, sha256 }: IndexEntry): AsyncGenerator<Uint8Array, void> {
  const hash = createHash("sha256");
  for await (const piece of body) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest("hex") !== sha256) throw damaged(`the content of ${JSON.stringify(path).slice(0, 500)} is not what was stored`);
}
