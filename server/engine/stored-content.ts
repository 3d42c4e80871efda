import { pipeline } from "node:stream/promises";
import { Failure } from "../domain/errors.ts";
import type { Artifact, Manifest, Part } from "../domain/manifest.ts";
import { decompressor } from "./codec/compress.ts";
import type { Content, DatabaseContent } from "./content.ts";
import type { MediaLoad } from "./media/stage.ts";
import { Meter } from "./meter.ts";
import type { Running } from "./part.ts";
import type { Storage } from "./storage/storage.ts";

/** What a backup on a storage holds. */
export function contentOf(storage: Storage, folder: string, manifest: Manifest): Content {
  return { database: storedDump(storage, folder, manifest), media: null };
}

const artifactOf = (manifest: Manifest, part: Part) => manifest.artifacts.find((artifact) => artifact.part === part);

function storedDump(storage: Storage, folder: string, manifest: Manifest): DatabaseContent | null {
  const artifact = artifactOf(manifest, "database");
  if (!artifact || !manifest.database) return null;
  return {
    summary: manifest.database,
    verify: (_tables, running, observe) => verifyWhole(storage, folder, artifact, running, observe),
    async *open(_tables, signal) {
      const [source, meter] = [await storage.get(`${folder}/${artifact.name}`), new Meter()];
      try {
        const fed = pipeline(source, meter, { signal });
        fed.catch(() => {});
        yield* decompressor(manifest.compression, signal)(meter);
        await fed;
        demandWhole(meter, artifact);
      } finally {
        source.destroy();
        meter.destroy();
      }
    },
    size: () => artifact.size,
  };
}

/** The archive's stored bytes, as staging asks for them. */
export interface ArchiveBytes extends Pick<MediaLoad, "open" | "compression" | "sha256" | "expected"> {
  readonly size: number;
  verify(running: Running, observe: (stored: number) => void): Promise<void>;
}

export function archiveOf(storage: Storage, folder: string, manifest: Manifest): ArchiveBytes | null {
  const artifact = artifactOf(manifest, "media");
  if (!artifact || !manifest.media) return null;
  return {
    open: () => storage.get(`${folder}/${artifact.name}`),
    compression: manifest.compression,
    sha256: artifact.sha256,
    expected: manifest.media,
    size: artifact.size,
    verify: (running, observe) => verifyWhole(storage, folder, artifact, running, observe),
  };
}

async function verifyWhole(storage: Storage, folder: string, artifact: Artifact, { signal }: Running, observe: (stored: number) => void) {
  const meter = new Meter();
  const count = async (source: AsyncIterable<Uint8Array>) => {
    for await (const _chunk of source) observe(meter.bytes);
  };
  await pipeline(await storage.get(`${folder}/${artifact.name}`), meter, count, { signal });
  demandWhole(meter, artifact);
}

function demandWhole(meter: Meter, { name, storedSize, sha256 }: Artifact): void {
  if (meter.bytes === storedSize && meter.digest() === sha256) return;
  throw new Failure(
    "ARTIFACT_CORRUPT",
    `${name} is not what was stored: its checksum differs from the manifest's.`,
    "Restore another backup, and check the disk that the storage lies on.",
  );
}
