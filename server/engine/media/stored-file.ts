import { createHash } from "node:crypto";
import type { Artifact } from "../../domain/manifest.ts";
import { padded } from "./header.ts";
import { PackedIndex } from "./incremental/packed-index.ts";
import type { StoredIndex } from "./index-reader.ts";
import type { MediaIndex } from "./media-index.ts";
import { damaged } from "./names.ts";
import { StoredFrames } from "./stored-frames.ts";

/** One file of an archive, of which any range can be read. */
export interface StoredFile {
  readonly size: number;
  /** From byte `from` to before `to`; read whole, its last bytes come only when its checksum is right, else it throws ARTIFACT_CORRUPT. */
  read(from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
}

/** The file at this position of the index. */
export function storedFile(
  { storage, folder, manifest }: StoredIndex,
  artifact: Artifact,
  index: MediaIndex,
  position: number,
): StoredFile {
  const { path, size, end, sha256 } = index.entry(position);
  const tar =
    index instanceof PackedIndex
      ? index.tar({ storage, folder, manifest })
      : new StoredFrames(storage, folder, artifact, manifest.compression, index.frames);
  const begin = end - padded(size);
  return {
    size,
    async *read(from, to, signal) {
      const bytes = tar.read(begin + from, begin + to, signal);
      if (from > 0 || to < size) return yield* bytes;
      const hash = createHash("sha256");
      let held: Uint8Array | null = null;
      for await (const piece of bytes) {
        hash.update(piece);
        if (held) yield held;
        held = piece;
      }
      if (hash.digest("hex") !== sha256) throw damaged(`the content of ${JSON.stringify(path).slice(0, 500)} is not what was stored`);
      if (held) yield held;
    },
  };
}
