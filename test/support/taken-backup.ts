import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Connection } from "../../server/domain/connection.ts";
import type { Artifact, Manifest, Part } from "../../server/domain/manifest.ts";
import { manifestName } from "../../server/domain/naming.ts";
import { runBackup, type Seal } from "../../server/engine/backup.ts";
import { decompressor } from "../../server/engine/codec/decompress.ts";
import { packFrame } from "../../server/engine/codec/frames.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import type { Packing } from "../../server/engine/part.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { aboutBackup } from "./about.ts";
import { memoryStorage } from "./memory-storage.ts";

const never = new AbortController().signal;
/** Where the backups of these tests lie on their storage. */
export const folder = "shop/backup";

/** A backup of a real database, real folders or both, on a storage in memory, and ways to tamper with it. */
export type TakenBackup = Awaited<ReturnType<typeof takeBackup>>;

export async function takeBackup(
  what: { readonly connection?: Connection; readonly roots?: readonly string[] },
  packing: Packing = { compression: "ZSTD", level: 1 },
  seal?: Seal,
) {
  const storage = memoryStorage();
  return { storage, folder, packing, manifest: await backUpTo(storage, what, packing, seal) };
}

/** The same onto any storage; what it gives is the manifest. */
export async function backUpTo(
  storage: Storage,
  what: { readonly connection?: Connection; readonly roots?: readonly string[] },
  packing: Packing,
  seal?: Seal,
): Promise<Manifest> {
  return runBackup(
    {
      storage,
      folder,
      packing,
      database: what.connection ? { connection: what.connection, tools: await findTools(null), ratio: null } : null,
      media: what.roots ? { roots: what.roots, exclude: [] } : null,
      about: aboutBackup({
        type: what.connection && what.roots ? "FULL" : what.roots ? "MEDIA" : "DATABASE",
        compression: packing.compression,
      }),
      now: () => new Date(),
      ...(seal ? { seal } : {}),
    },
    { signal: never, say: () => {}, report: () => {} },
  );
}

export const fileOf = ({ manifest }: Pick<TakenBackup, "manifest">, part: Part): string =>
  `${folder}/${manifest.artifacts.find((artifact) => artifact.part === part)?.name}`;

/** A copy of the backup whose manifest, on the storage and in hand, is changed. */
export function withManifest(backup: TakenBackup, manifest: Manifest): TakenBackup {
  const storage = memoryStorage();
  for (const [name, bytes] of backup.storage.files) storage.files.set(name, bytes);
  storage.files.set(`${folder}/${manifestName}`, Buffer.from(JSON.stringify(manifest)));
  return { ...backup, storage, manifest };
}

/** A copy of the backup whose stored artifact holds other content. With `forged`, the manifest has the sums of what is there. */
export async function withContent(
  backup: TakenBackup,
  part: Part,
  change: (text: string) => string,
  { forged }: { readonly forged: boolean },
): Promise<TakenBackup> {
  const name = fileOf(backup, part);
  const stored = backup.storage.files.get(name) ?? Buffer.alloc(0);
  const unpacked = decompressor(backup.packing.compression, never)(Readable.from([stored]));
  const before = (await buffer(Readable.from(unpacked))).toString("latin1");
  const text = change(before);
  if (text === before) throw new Error("The change changed nothing");
  const plain = Buffer.from(text, "latin1");
  const bytes = await packFrame(Buffer.from(plain), backup.packing);
  const { manifest } = backup;
  const sums = { size: plain.length, storedSize: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  const artifacts = manifest.artifacts.map((artifact): Artifact => (artifact.part === part ? { ...artifact, ...sums } : artifact));
  // Sections tell where a table lies, which is not so any more.
  const database = manifest.database && { ...manifest.database, sections: null };
  const changed = withManifest(backup, forged ? { ...manifest, artifacts, database } : manifest);
  changed.storage.files.set(name, bytes);
  return changed;
}
