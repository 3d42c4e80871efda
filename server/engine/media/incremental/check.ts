import { Failure } from "../../../domain/errors.ts";
import { packsOf } from "../../backup-files.ts";
import type { PartProgress } from "../../part.ts";
import { proveFile } from "../proved.ts";
import { listReader, readList, type StoredMedia } from "./stored-list.ts";

/**
 * Reads the list of an incremental backup and every pack that it needs, all of their bytes: what of it is not as it was
 * stored, a sentence each. A storage that cannot be read is an error.
 */
export async function checkPacks(stored: StoredMedia, signal: AbortSignal, observe: (progress: PartProgress) => void): Promise<string[]> {
  const problems: string[] = [];
  let bytes = 0;
  const look = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure && damage.has(error.code))) throw error;
      problems.push(error.message);
    }
  };
  await look(async () => {
    for await (const _ of readList(stored, listReader(stored), signal));
  });
  for (const pack of packsOf(stored.manifest))
    await look(() =>
      proveFile(stored.storage, pack, signal, (length) => {
        bytes += length;
        observe({ bytes, item: pack.name });
      }),
    );
  return problems;
}

/** Codes that say that the backup itself is bad, not that it could not be looked at. */
const damage: ReadonlySet<string> = new Set(["ARTIFACT_CORRUPT", "ARTIFACT_UNSAFE", "NOT_FOUND"]);
