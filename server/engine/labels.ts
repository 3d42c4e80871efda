import { Readable } from "node:stream";
import { z } from "zod";
import { Failure } from "../domain/errors.ts";
import type { Labels } from "../domain/labels.ts";
import type { Storage } from "./storage/storage.ts";

/** A labels file in a backup's folder; its name carries the version. */
export interface LabelFile {
  /** Without the folder. */
  readonly name: string;
  readonly version: number;
  readonly size: number;
}

/** The file beside the manifest that says how the backup is called now: `labels.3.json`. */
export const labelsName = (version: number) => `labels.${version}.json`;

const pattern = /^labels\.([1-9]\d{0,8})\.json$/;
/** The version that a file's name says; null where it is no labels file. */
export const labelsVersionOf = (name: string): number | null => Number(pattern.exec(name)?.[1] ?? 0) || null;

/** The labels files of a backup on this storage, the newest first: mostly one or none. Who copies a backup takes the first along. */
export async function labelFiles(storage: Storage, folder: string): Promise<LabelFile[]> {
  const found: LabelFile[] = [];
  for await (const { name, size } of storage.list(`${folder}/`)) {
    const own = name.slice(folder.length + 1);
    const version = labelsVersionOf(own);
    if (version !== null) found.push({ name: own, version, size });
  }
  return found.sort((a, b) => b.version - a.version);
}

const schema = z.object({
  format: z.literal(1),
  backupId: z.string(),
  folder: z.string(),
  version: z.number().int().positive(),
  name: z.string(),
  description: z.string().nullable(),
  pinned: z.boolean(),
  changedAt: z.iso.datetime(),
  authentication: z.object({ keyId: z.string(), mac: z.string().regex(/^[0-9a-f]{64}$/) }).nullable(),
}) satisfies z.ZodType<Labels, unknown>;

/** Ours are some thousand bytes at most. */
const maximumBytes = 64 * 1024;

/** Reads one labels file. ARTIFACT_CORRUPT where it is none. */
export async function readLabels(storage: Storage, folder: string, { name, size }: LabelFile): Promise<Labels> {
  const corrupt = (cause?: unknown) =>
    new Failure("ARTIFACT_CORRUPT", `${folder}/${name} does not hold a backup's labels.`, "It was altered, or a newer Holdfast wrote it.", {
      cause,
    });
  if (size > maximumBytes) throw corrupt();
  const pieces: Buffer[] = [];
  for await (const piece of await storage.get(`${folder}/${name}`)) pieces.push(piece);
  try {
    return schema.parse(JSON.parse(Buffer.concat(pieces).toString()));
  } catch (cause) {
    throw corrupt(cause);
  }
}

/** Stores the new file, then removes the older ones: at each moment the newest that is there is whole. */
export async function writeLabels(storage: Storage, folder: string, labels: Labels, signal: AbortSignal): Promise<void> {
  const text = `${JSON.stringify(labels, null, 2)}\n`;
  await storage.put(`${folder}/${labelsName(labels.version)}`, Readable.from([Buffer.from(text)]), { signal });
  await removeOlderLabels(storage, folder, labels.version);
}

/** What an earlier change left. */
export async function removeOlderLabels(storage: Storage, folder: string, newest: number): Promise<void> {
  for (const { name, version } of await labelFiles(storage, folder)) if (version < newest) await storage.remove(`${folder}/${name}`);
}
