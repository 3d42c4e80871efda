import { basename } from "node:path";
import type { MediaSummary } from "../../domain/manifest.ts";
import type { MediaContent, MediaMeasure } from "../content.ts";
import { filtered } from "../media/selection.ts";
import { type TarEntry, untar } from "../media/untar.ts";
import { checkedEntries } from "./archive-policy.ts";
import { failureOf, Refused } from "./refused.ts";
import { unzip } from "./unzip.ts";
import { type UploadedFile, unpacked, verifyHash } from "./uploaded-file.ts";

/** An uploaded archive as what a restore reads; `mediaPaths` are the target's. */
export function uploadedArchive(file: UploadedFile, mediaPaths: readonly string[]): MediaContent {
  const found = file.inspection.media;
  if (!found) throw new Error("An archive without a summary");
  const roots = file.part ? rootsInOrder(found, mediaPaths) : rootsOf(found, mediaPaths);
  const prefix = roots === null ? `${wholePrefix}/` : "";
  const summary = { ...found, roots: roots ?? [{ path: mediaPaths[0] ?? "", prefix: wholePrefix }] };
  async function* all(signal: AbortSignal): AsyncGenerator<TarEntry, void> {
    const count = { files: 0, directories: 0, links: 0, bytes: 0, tops: new Set<string>() };
    const source = file.inspection.format === "zip" ? unzip(file.path, signal) : untar(unpacked(file, signal), signal);
    try {
      for await (const entry of checkedEntries(source, count, file.part ? "keep" : "refuse")) {
        yield { ...entry, name: `${prefix}${entry.name}` };
      }
    } catch (error) {
      throw error instanceof Refused ? failureOf(error) : error;
    }
  }
  const entries = (paths: readonly string[] | null, signal: AbortSignal) => (paths ? filtered(all(signal), paths) : all(signal));
  return {
    summary,
    verify: (_paths, running, observe) => verifyHash(file, running, observe),
    entries,
    measure: (paths) =>
      paths === null ? Promise.resolve(whole(found, file.inspection.unpackedSize)) : measured(entries(paths, new AbortController().signal)),
  };
}

/** An archive that is not laid out as the target's media folders goes into the only one as it is. */
const wholePrefix = "files";

/** The target's media folders, where the archive's top folders are called as these are; null where they are not. */
function rootsOf({ roots }: Pick<MediaSummary, "roots">, mediaPaths: readonly string[]): MediaSummary["roots"] | null {
  const known = new Map(mediaPaths.map((path) => [basename(path), path]));
  if (known.size !== mediaPaths.length || roots.length === 0) return null;
  const found = roots.map(({ prefix }) => ({ prefix, path: known.get(prefix) ?? "" }));
  return found.every(({ path }) => path !== "") ? found : null;
}

/** The folders of a backup's own tar are those of its source; where the target's are called otherwise, they go there in their order. */
function rootsInOrder({ roots }: MediaSummary, mediaPaths: readonly string[]): MediaSummary["roots"] {
  const named = rootsOf({ roots }, mediaPaths);
  return named ?? roots.map(({ prefix }) => ({ prefix, path: "" }));
}

const whole = ({ files, directories, links }: MediaSummary, bytes: number): MediaMeasure => ({ files, directories, links, bytes });

async function measured(entries: AsyncIterable<TarEntry>): Promise<MediaMeasure> {
  const measure = { files: 0, directories: 0, links: 0, bytes: 0 };
  for await (const { kind, size, body } of entries) {
    if (kind === "directory") measure.directories += 1;
    else measure.files += 1;
    measure.bytes += size;
    for await (const _ of body);
  }
  return measure;
}
