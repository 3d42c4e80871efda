import { z } from "zod";
import { backupTypes, compressions, triggers } from "../../shared/enums.ts";
import { Failure } from "../domain/errors.ts";
import type { Manifest } from "../domain/manifest.ts";
import { manifestName } from "../domain/naming.ts";
import type { Storage } from "./storage/storage.ts";

const count = z.number().int().nonnegative();
const fileName = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, "is not a plain file name");
const instant = z.iso.datetime();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** What manifests of earlier versions do not have. */
const since = <T extends z.ZodType>(type: T) => type.nullable().default(null);

const packed = since(z.object({ size: count, sha256: sha256.nullable() }));

const section = z.object({
  table: z.string().nullable(),
  offset: count,
  storedSize: count,
  size: count,
  sha256,
  frames: z.array(z.tuple([count, count])),
  rows: since(count),
});

const mediaFile = z.object({ name: fileName, size: count, storedSize: count, sha256, packed });
const range = z.object({ upTo: z.array(z.string()).nullable(), rows: count, sha256 });
const snapshot = z.object({ method: z.enum(["FLUSH_TABLES", "LOCK_TABLES"]), connections: count, lockMilliseconds: count });

const schema = z.object({
  format: z.literal(1),
  generator: z.string(),
  id: z.uuid(),
  name: z.string(),
  description: z.string().nullable(),
  type: z.enum(backupTypes),
  trigger: z.enum(triggers),
  source: z.object({
    id: z.string(),
    name: z.string(),
    slug: since(z.string()),
    database: since(
      z.object({
        host: z.string(),
        port: count,
        user: z.string(),
        database: z.string(),
        socketPath: z.string().nullable(),
        tls: z.boolean(),
      }),
    ),
    mediaPaths: z.array(z.string()).default([]),
    excludePatterns: z.array(z.string()).default([]),
  }),
  schedule: since(z.object({ id: z.string(), name: z.string() })),
  actor: since(z.string()),
  folder: since(z.string()),
  compression: z.enum(compressions),
  encrypted: z.boolean(),
  encryption: since(z.object({ format: z.literal("age-encryption.org/v1"), keyId: z.string(), recipients: z.array(z.string()) })),
  excludeLogs: z.boolean(),
  createdAt: instant,
  startedAt: instant,
  finishedAt: instant,
  artifacts: z.array(
    z.object({
      name: fileName,
      part: z.enum(["database", "media"]),
      size: count,
      storedSize: count,
      sha256,
      packed,
    }),
  ),
  database: z
    .object({
      name: z.string(),
      flavour: z.enum(["mariadb", "mysql"]),
      serverVersion: z.string(),
      characterSet: z.string(),
      collation: z.string(),
      tables: z.array(
        z.object({
          name: z.string(),
          rows: count,
          engine: z.string().nullable(),
          bytes: count,
          checksum: since(sha256),
          ranges: since(z.array(range)),
        }),
      ),
      definitions: z.object({ views: count, triggers: count, procedures: count, functions: count, events: count }),
      dataBytes: count,
      notes: z.array(z.string()),
      sections: since(z.array(section)),
      binlog: since(z.object({ file: z.string(), position: count, gtid: z.string().nullable() })),
      engine: z.enum(["MYSQLDUMP", "PARALLEL"]).default("MYSQLDUMP"),
      snapshot: since(snapshot),
    })
    .nullable(),
  media: z
    .object({
      roots: z.array(z.object({ path: z.string(), prefix: z.string() })),
      files: count,
      directories: count,
      links: count,
      index: since(mediaFile),
      packs: since(z.object({ folder: z.string(), files: z.array(mediaFile), addedSize: count })),
      problems: z.array(z.object({ path: z.string(), problem: z.string() })),
    })
    .nullable(),
  restoreCommands: z.array(z.string()),
  authentication: since(z.object({ keyId: z.string(), mac: sha256 })),
}) satisfies z.ZodType<Manifest, unknown>;

/** A manifest of ten thousand tables and as many problems is some megabytes; a larger one is not ours. */
const maximumBytes = 64 * 1024 * 1024;

/** Reads a backup's manifest from its storage. ARTIFACT_CORRUPT names the first field that is wrong. */
export const readManifest = async (storage: Storage, folder: string): Promise<Manifest> =>
  parseManifest(await readManifestText(storage, folder), folder);

/** The manifest as it is stored; `listed` is the size that a list of the storage gave it, which spares asking. */
export async function readManifestText(storage: Storage, folder: string, listed?: number): Promise<string> {
  const name = `${folder}/${manifestName}`;
  const size = listed ?? (await storage.size(name));
  if (size === null)
    throw new Failure("NOT_FOUND", `There is no manifest in ${folder}.`, "A folder without a manifest is an unfinished backup.");
  if (size > maximumBytes) throw new Failure("ARTIFACT_CORRUPT", `The manifest in ${folder} is too large to be one.`);
  const pieces: Buffer[] = [];
  for await (const piece of await storage.get(name)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** The manifest that `text` holds; `where` names it in the Failure. */
export function parseManifest(text: string, where: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Failure("ARTIFACT_CORRUPT", `The manifest in ${where} is not JSON.`, undefined, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Failure(
    "ARTIFACT_CORRUPT",
    `The manifest in ${where} is not valid at ${issue?.path.join(".") || "its top"}: ${issue?.message ?? "unknown"}.`,
    "It was altered, or a newer Holdfast wrote it.",
  );
}
