import { pipeline } from "node:stream/promises";
import { Failure } from "../domain/errors.ts";
import { manifestName } from "../domain/naming.ts";
import type { Report } from "../domain/progress.ts";
import { discardBackup } from "./backup.ts";
import { Meter } from "./meter.ts";
import type { Running } from "./part.ts";
import type { Storage } from "./storage/storage.ts";

interface CopyWork extends Running {
  report(report: Report): void;
  /** Asked right before the manifest; rejects when that is no longer this process's to decide. */
  confirm(): Promise<void>;
}

/** One file of a backup, by its name on the storage; null checksum: the manifest itself and what stands beside it. */
export interface CopiedFile {
  readonly name: string;
  readonly storedSize: number;
  readonly sha256: string | null;
  /** Others may bring it at the same time: then theirs is as good. */
  readonly shared?: boolean;
}

/**
 * Brings a backup from one storage to another, its manifest last. Each file is proved by its checksum on the way:
 * ARTIFACT_CORRUPT where it is not what was stored. When anything fails, nothing of its folder stays on the target; packs that
 * were brought do, and are nobody's then.
 */
export async function copyBackup(from: Storage, to: Storage, folder: string, files: readonly CopiedFile[], work: CopyWork): Promise<void> {
  const expected = files.reduce((sum, { storedSize }) => sum + storedSize, 0);
  let before = 0;
  const put = async ({ name, storedSize, sha256 }: CopiedFile) => {
    const meter = new Meter();
    const follow = () =>
      work.report({ phase: "STORING", bytesProcessed: before + meter.bytes, bytesExpected: expected, currentItem: shortNameOf(name) });
    const timer = setInterval(follow, 200);
    try {
      const bytes = await from.get(name);
      await pipeline(
        bytes,
        meter,
        (metered) => to.put(name, proved(metered, shortNameOf(name), sha256, meter), { signal: work.signal, expected: storedSize }),
        {
          signal: work.signal,
        },
      );
      before += meter.bytes;
      follow();
    } finally {
      clearInterval(timer);
    }
  };
  const putOrFind = async (file: CopiedFile) => {
    const start = before;
    try {
      await put(file);
    } catch (error) {
      const isTheirs =
        file.shared && error instanceof Failure && error.code === "CONFLICT" && (await to.size(file.name)) === file.storedSize;
      if (!isTheirs) throw error;
      before = start + file.storedSize;
    }
  };
  try {
    for (const file of files) await putOrFind(file);
    await work.confirm();
    await put({ name: `${folder}/${manifestName}`, storedSize: 0, sha256: null });
  } catch (error) {
    await discardBackup(to, folder).catch((refusal) => work.say("WARN", `Could not remove what had been copied: ${String(refusal)}`));
    throw error;
  }
}

const shortNameOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** The same bytes; throws at their end when they are not the ones that the manifest names, so that they are never stored. */
async function* proved(bytes: AsyncIterable<Uint8Array>, name: string, sha256: string | null, meter: Meter): AsyncGenerator<Uint8Array> {
  yield* bytes;
  if (sha256 !== null && meter.digest() !== sha256)
    throw new Failure(
      "ARTIFACT_CORRUPT",
      `${name} is not what was stored: its checksum differs from the manifest's.`,
      "Nothing was copied. Verify this backup, and restore or copy another one.",
    );
}
