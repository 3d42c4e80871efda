import type { MediaContent } from "./content.ts";
import type { PartProgress } from "./part.ts";

/** Reads every file of the archive to its end and resolves to their number; throws ARTIFACT_CORRUPT where it is not what was stored. */
export async function checkMedia(media: MediaContent, signal: AbortSignal, observe: (progress: PartProgress) => void): Promise<number> {
  let [files, bytes] = [0, 0];
  for await (const entry of media.entries(null, signal)) {
    if (entry.kind === "file" || entry.kind === "hardlink") files += 1;
    for await (const piece of entry.body) {
      bytes += piece.length;
      observe({ bytes, item: entry.name });
    }
  }
  return files;
}
