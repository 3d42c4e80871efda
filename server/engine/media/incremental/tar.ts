import type { Bundle } from "../../bundle.ts";
import { openPackedIndex } from "./packed-index.ts";
import type { StoredMedia } from "./stored-list.ts";

/** The media of an incremental backup as one plain tar, whose size is known beforehand and of which any range can be read. */
export async function openMediaTar(stored: StoredMedia, signal: AbortSignal): Promise<Bundle> {
  const { size, read } = (await openPackedIndex(stored, signal)).tar(stored);
  return { size, read: (start, end, reading) => read(start, end + 1, reading) };
}
