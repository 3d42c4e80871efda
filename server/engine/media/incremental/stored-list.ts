import { Readable } from "node:stream";
import { Failure } from "../../../domain/errors.ts";
import type { Manifest } from "../../../domain/manifest.ts";
import { packsOf } from "../../backup-files.ts";
import type { Storage } from "../../storage/storage.ts";
import { damaged } from "../names.ts";
import { readProved } from "../proved.ts";
import { unpackedList } from "./list-codec.ts";
import type { ListEntry } from "./list-entry.ts";
import { ListReader, listBlocks } from "./list-reader.ts";

/** An incremental backup's media, as they are inside their encryption. */
export interface StoredMedia {
  readonly storage: Storage;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Of the list: the artifact that stands for the media. */
export function listArtifact({ artifacts }: Manifest) {
  const artifact = artifacts.find(({ part }) => part === "media");
  if (!artifact) throw new Failure("NOT_FOUND", "This backup holds no media.", "Choose a backup of the type MEDIA or FULL.");
  return artifact;
}

/** The reader of a backup's list, which knows its packs. */
export const listReader = ({ manifest }: StoredMedia) => new ListReader(packsOf(manifest).map(({ storedSize }) => storedSize));

/**
 * The entries of a list in the tar's order, a block at a time; `reader` then knows the chunks that they name. A list that was
 * cut or altered, or that is not the manifest's, throws ARTIFACT_CORRUPT before it ends.
 */
export async function* readList(stored: StoredMedia, reader: ListReader, signal: AbortSignal): AsyncGenerator<readonly ListEntry[], void> {
  const { storage, folder, manifest } = stored;
  const artifact = listArtifact(manifest);
  const bytes = Readable.from(readProved(storage, folder, artifact, signal), { objectMode: false });
  for await (const block of listBlocks(unpackedList(manifest.compression, bytes))) {
    const entries = reader.read(block);
    if (entries.length > 0) yield entries;
  }
  const { totals } = reader;
  const { media } = manifest;
  const isSame = totals?.files === media?.files && totals?.directories === media?.directories && totals?.links === media?.links;
  if (!isSame || totals?.tarSize !== artifact.size) throw damaged("its list is not the one that the manifest tells of");
}
