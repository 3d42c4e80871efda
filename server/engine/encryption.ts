import { Failure } from "../domain/errors.ts";
import type { Manifest, Packed } from "../domain/manifest.ts";
import { type BackupFile, filesOfBackup } from "./backup-files.ts";
import { decryptAge } from "./codec/age.ts";
import { alteredAge } from "./codec/age-header.ts";
import { type OpenedFile, openAge } from "./codec/age-reader.ts";
import type { Digests } from "./codec/age-slab.ts";
import type { Codec } from "./codec/decompress.ts";
import { through } from "./codec/through.ts";
import type { Storage } from "./storage/storage.ts";
import type { StoredBackup } from "./stored-content.ts";

/**
 * An encrypted backup as its readers want it: its storage gives what is inside the encryption, from any place, and sizes and
 * checksums of its manifest are those of that. Files keep the names that they have on the storage. Whatever is read was
 * proved by its chunk's tag, and a file that is read whole by the stored file's checksum too, before its last bytes come.
 */
export function decrypted({ storage, folder, manifest }: StoredBackup, identities: readonly string[]): StoredBackup {
  const files = new Map(filesOfBackup(manifest, folder).map((file) => [file.name, file]));
  const opened = new Map<string, Promise<OpenedFile>>();

  const opening = (name: string, file: BackupFile): Promise<OpenedFile> => {
    const known = opened.get(name);
    if (known) return known;
    const sealed = {
      name: shortNameOf(file),
      size: file.storedSize,
      get: (range: { start: number; end: number }) => storage.get(name, range),
    };
    const found = openAge(sealed, identities).catch((error: unknown) => {
      opened.delete(name);
      throw ofKnownKey(error, file);
    });
    opened.set(name, found);
    return found;
  };

  const view: Storage = {
    ...storage,
    async get(name, range) {
      const file = files.get(name);
      if (!file?.packed) return storage.get(name, range);
      const last = file.packed.size - 1;
      const [start, end] = [range?.start ?? 0, Math.min(range?.end ?? last, last)];
      if (start === 0 && end === last) return through(await storage.get(name), proved(file, identities));
      return (await opening(name, file)).read(start, end);
    },
    proves: (name) => Boolean(files.get(name)?.packed),
    async size(name) {
      const [file, size] = [files.get(name), await storage.size(name)];
      if (!file?.packed || size === null) return size;
      if (size !== file.storedSize) throw alteredAge(shortNameOf(file), `it is ${size} bytes long instead of ${file.storedSize}`);
      return file.packed.size;
    },
  };
  return { storage: view, folder, manifest: insideOf(manifest), stored: { storage, manifest } };
}

interface Sized {
  readonly storedSize: number;
  readonly sha256: string;
  readonly packed: Packed | null;
}

/** The manifest with what its files hold inside the encryption. */
function insideOf(manifest: Manifest): Manifest {
  const inside = <F extends Sized>(file: F): F =>
    // Nobody compares a checksum that is not there: what the storage gives is proved by it.
    file.packed ? { ...file, storedSize: file.packed.size, sha256: file.packed.sha256 ?? file.sha256 } : file;
  const { artifacts, media } = manifest;
  return {
    ...manifest,
    artifacts: artifacts.map(inside),
    media: media && {
      ...media,
      index: media.index && inside(media.index),
      packs: media.packs && { ...media.packs, files: media.packs.files.map(inside) },
    },
  };
}

/** Decrypts a whole file; its last bytes come only when the stored bytes, and what is in them, were those that the manifest names. */
const proved = (file: BackupFile, identities: readonly string[]): Codec =>
  async function* (source) {
    let found: Digests | null = null;
    const told = (digests: Digests) => {
      found = digests;
    };
    const sumsInside = Boolean(file.packed?.sha256);
    let held: Uint8Array | null = null;
    try {
      for await (const piece of decryptAge(identities, shortNameOf(file), { told, sumsInside })(source)) {
        if (held) yield held;
        held = piece;
      }
    } catch (error) {
      throw ofKnownKey(error, file);
    }
    if (!isOf(file, found)) throw alteredAge(shortNameOf(file), "its checksum differs from the manifest's");
    if (held) yield held;
  };

const isOf = ({ sha256, packed }: BackupFile, found: Digests | null): boolean =>
  found?.stored.sha256 === sha256 && found.inside.size === packed?.size && found.inside.sha256 === packed.sha256;

/** The key is at hand, by what the manifest says: a file that it does not open is not the one that was stored. */
const ofKnownKey = (error: unknown, file: BackupFile): unknown =>
  error instanceof Failure && error.code === "KEY_MISSING" ? alteredAge(shortNameOf(file), "it is encrypted to another key", error) : error;

/** As the manifest calls it. */
const shortNameOf = ({ name }: BackupFile) => name.slice(name.lastIndexOf("/") + 1);
