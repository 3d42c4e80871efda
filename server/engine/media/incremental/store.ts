import { randomUUID } from "node:crypto";
import { formatBytes, formatDuration } from "../../../../shared/format.ts";
import { messageOf } from "../../../domain/errors.ts";
import type { Artifact, Encryption, MediaIndexFile, MediaSummary } from "../../../domain/manifest.ts";
import { mediaListName, packName } from "../../../domain/naming.ts";
import type { SourceLimits } from "../../../domain/source-load.ts";
import type { Packing, PartProgress, Running } from "../../part.ts";
import type { Storage } from "../../storage/storage.ts";
import { storeFile } from "../../store-file.ts";
import type { PackBase } from "../pack-base.ts";
import type { ArrivingPack } from "./messages.ts";
import { openIncremental } from "./open.ts";
import { largestPack } from "./pack-output.ts";

interface StoreRequest extends Running {
  readonly storage: Storage;
  readonly folder: string;
  readonly packing: Packing;
  readonly encryption: Encryption | null;
  /** The backup's: its packs' names begin with it. */
  readonly id: string;
  readonly roots: readonly string[];
  readonly exclude: readonly string[];
  readonly packs: PackBase;
  readonly limits: SourceLimits;
  readonly now: () => Date;
  observe(progress: PartProgress): void;
  /** Told the name of each new pack before it is stored. */
  bringing(name: string): void;
}

/** Stores media as an incremental backup keeps it: new packs first, and the list of all that it needs in the backup's folder. */
export async function storeIncremental(request: StoreRequest): Promise<{ artifact: Artifact; summary: MediaSummary }> {
  const { storage, folder, packing, encryption, id, packs, now, signal, say } = request;
  const started = now();
  const storePack = async ({ bytes, sealed }: ArrivingPack, aborting: AbortSignal): Promise<MediaIndexFile> => {
    const name = packName(id, randomUUID(), encryption !== null);
    request.bringing(name);
    await storage.put(`${packs.folder}/${name}`, bytes, { signal: aborting, expected: largestPack });
    const { storedSize, sha256, packed } = sealed();
    return { name, storedSize, sha256, packed, size: packed?.size ?? storedSize };
  };
  await using taken = await openIncremental({ ...request, recipients: encryption?.recipients ?? null, storePack });
  const name = mediaListName(packing.compression, encryption !== null);
  const stored = await storeFile({ storage, folder, encryption }, name, taken.list(), { signal, expected: null });
  const { size, summary } = taken;
  const added = (summary.packs?.addedSize ?? 0) + stored.storedSize;
  const seconds = (now().getTime() - started.getTime()) / 1000;
  say("INFO", `Stored ${name}: ${formatBytes(size)}, of which ${formatBytes(added)} are new on the storage, ${formatDuration(seconds)}.`);
  return { artifact: { part: "media", size, ...stored }, summary };
}

/** Removes the packs that an unfinished backup has brought, which no manifest names. */
export async function discardPacks(storage: Storage, folder: string, names: readonly string[], say: Running["say"]): Promise<void> {
  try {
    for (const name of names) await storage.remove(`${folder}/${name}`);
  } catch (refusal) {
    say("WARN", `Could not remove the packs that had been stored: ${messageOf(refusal)}`);
  }
}
