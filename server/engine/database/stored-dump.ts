import { createHash } from "node:crypto";
import { badInput, Failure } from "../../domain/errors.ts";
import type { Artifact, Manifest, Section } from "../../domain/manifest.ts";
import { abortable } from "../abortable.ts";
import { decompressor } from "../codec/decompress.ts";
import type { DatabaseContent, RowStretch, StoredRows } from "../content.ts";
import type { Storage } from "../storage/storage.ts";

/** A run of stored bytes that is proved by its own checksum: the whole artifact, or one of its sections. */
interface Stretch {
  readonly offset: number;
  readonly storedSize: number;
  readonly sha256: string;
}

/**
 * The dump of a backup as a restore or a drill reads it. With `tables`, only the sections of those tables are read and
 * what stands before the first one, in the order of the dump; the caller's script then ends without the dump's trailer.
 * Where `manifest.database.sections` is null the dump can only be read whole: `tables` then limits nothing, and leaving
 * tables out is the caller's. A table that the backup does not hold is BAD_USER_INPUT.
 */
export function storedDump(storage: Storage, folder: string, manifest: Manifest): DatabaseContent {
  const { database: summary } = manifest;
  const artifact = manifest.artifacts.find(({ part }) => part === "database");
  if (!summary || !artifact)
    throw new Failure("NOT_FOUND", "This backup holds no database.", "Choose a backup of the type DATABASE or FULL.");
  const name = `${folder}/${artifact.name}`;

  const sectionsFor = (tables: readonly string[] | null): readonly Section[] | null => {
    if (tables === null) return null;
    const known = new Set(summary.tables.map((table) => table.name));
    const unknown = tables.find((table) => !known.has(table));
    if (unknown !== undefined) throw badInput(`The backup holds no table ${unknown}.`, "Choose from the tables that the backup lists.");
    const wanted = new Set(tables);
    return summary.sections?.filter(({ table }, index) => (table === null ? index === 0 : wanted.has(table))) ?? null;
  };
  const stretches = (tables: readonly string[] | null): readonly Stretch[] =>
    sectionsFor(tables) ?? [{ offset: 0, storedSize: artifact.storedSize, sha256: artifact.sha256 }];
  const read = (tables: readonly string[] | null, signal: AbortSignal) => proved(storage, name, artifact, stretches(tables), signal);
  const structure = (tables: readonly string[] | null) =>
    (sectionsFor(tables) ?? summary.sections ?? []).filter(({ rows }) => rows === null);
  const rows: StoredRows | null =
    summary.engine !== "PARALLEL" || !summary.sections
      ? null
      : {
          compression: manifest.compression,
          async *structure(tables, signal) {
            yield* decompressor(manifest.compression, signal)(proved(storage, name, artifact, structure(tables), signal));
          },
          tables: rowStretches(summary.sections, (section, signal) => reading(storage, name, artifact, [section], signal)),
        };

  return {
    summary,
    async verify(tables, { signal }, observe) {
      let stored = 0;
      for await (const piece of read(tables, signal)) {
        stored += piece.length;
        observe(stored);
      }
    },
    async *open(tables, signal) {
      yield* decompressor(manifest.compression, signal)(read(tables, signal));
    },
    size: (tables) => sectionsFor(tables)?.reduce((sum, { size }) => sum + size, 0) ?? artifact.size,
    rows,
  };
}

/** The sections that hold rows, by table. */
function rowStretches(
  sections: readonly Section[],
  open: (section: Section, signal: AbortSignal) => AsyncIterable<Uint8Array>,
): ReadonlyMap<string, readonly RowStretch[]> {
  const tables = new Map<string, RowStretch[]>();
  for (const section of sections) {
    const { table, rows, size, frames } = section;
    if (table === null || rows === null) continue;
    const stretches = tables.get(table) ?? [];
    tables.set(table, stretches);
    stretches.push({ rows, size, frames, open: (signal) => open(section, signal) });
  }
  return tables;
}

/** The stored bytes of the stretches, one after the other; the last piece of each comes only when its checksum is right. */
async function* proved(
  storage: Storage,
  name: string,
  artifact: Artifact,
  stretches: readonly Stretch[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const size = await storage.size(name);
  if (size !== null && size !== artifact.storedSize) throw altered(artifact, `it is ${size} bytes long instead of ${artifact.storedSize}`);
  yield* reading(storage, name, artifact, stretches, signal);
}

/** The same without a look at the size of the file. */
async function* reading(
  storage: Storage,
  name: string,
  artifact: Artifact,
  stretches: readonly Stretch[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const run of adjacent(stretches)) {
    const [first, last] = [run[0], run.at(-1)];
    if (!first || !last) continue;
    const source = await storage.get(name, { start: first.offset, end: last.offset + last.storedSize - 1 });
    yield* checked(abortable(source, signal), artifact, run);
  }
}

async function* checked(source: AsyncIterable<Uint8Array>, artifact: Artifact, run: readonly Stretch[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  let left = run[0]?.storedSize ?? 0;
  let hash = createHash("sha256");
  for await (const chunk of source) {
    for (let from = 0; from < chunk.length; ) {
      const stretch = run[at];
      if (!stretch) throw altered(artifact, "it is longer than it was");
      const piece = chunk.subarray(from, from + left);
      hash.update(piece);
      from += piece.length;
      left -= piece.length;
      if (left === 0) {
        if (hash.digest("hex") !== stretch.sha256) throw altered(artifact, "its checksum differs from the manifest's");
        at += 1;
        left = run[at]?.storedSize ?? 0;
        hash = createHash("sha256");
      }
      yield piece;
    }
  }
  if (at < run.length) throw altered(artifact, "it is cut off");
}

/** The stretches in runs without a gap, so that each run is one request to the storage. */
function adjacent(stretches: readonly Stretch[]): Stretch[][] {
  const runs: Stretch[][] = [];
  for (const stretch of stretches) {
    // Nothing is stored for it, so there is nothing to ask for.
    if (stretch.storedSize === 0) continue;
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last && last.offset + last.storedSize === stretch.offset) run.push(stretch);
    else runs.push([stretch]);
  }
  return runs;
}

const altered = ({ name }: Artifact, what: string) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `${name} is not what was stored: ${what}.`,
    "Restore another backup, and check the disk that the storage lies on.",
  );
