import { Readable } from "node:stream";
import type { DatabaseEngine, Phase } from "../../shared/enums.ts";
import { formatBytes, formatDuration } from "../../shared/format.ts";
import { describeLoad } from "../../shared/load-words.ts";
import type { Connection } from "../domain/connection.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import type { Artifact, DatabaseSummary, Encryption, Manifest, MediaIndexFile, MediaSummary, Part } from "../domain/manifest.ts";
import { artifactName, manifestName, mediaIndexName, restoreCommands } from "../domain/naming.ts";
import type { Report } from "../domain/progress.ts";
import { type LoadNow, noLimits, type SourceLimits, type SourceLoad } from "../domain/source-load.ts";
import { authenticate, type MacKey } from "./authentication.ts";
import { openDump } from "./database/dump.ts";
import { type ServerLoad, watchingLoad } from "./load-watch.ts";
import { type Measured, measureSource } from "./measure-source.ts";
import { discardPacks, storeIncremental } from "./media/incremental/store.ts";
import { openPack, type PackReader } from "./media/pack.ts";
import type { PackBase } from "./media/pack-base.ts";
import type { ClientTools, Packing, PartProgress, PartReader, Running } from "./part.ts";
import type { Storage } from "./storage/storage.ts";
import { storeFile } from "./store-file.ts";

/** Everything that a backup needs to know; nothing in it is looked up later. */
export interface BackupPlan {
  readonly storage: Storage;
  /** The backup's folder on the storage. */
  readonly folder: string;
  readonly packing: Packing;
  readonly database: {
    readonly connection: Connection;
    readonly tools: ClientTools /** Dump bytes for each data byte, as the last backup had it. */;
    readonly ratio: number | null;
    /** AUTO when left out. */
    readonly engine?: DatabaseEngine;
  } | null;
  readonly media: {
    readonly roots: readonly string[];
    readonly exclude: readonly string[];
    /** Kept as chunks in packs (INCREMENTAL); absent or null: as one portable archive. */
    readonly packs?: PackBase | null;
  } | null;
  /** What it may take of the source; no limits when left out. */
  readonly limits?: SourceLimits;
  /** Encrypts the files and proves the manifest; absent: neither. */
  readonly seal?: Seal;
  /** The manifest's own fields: what and whose this backup is. */
  readonly about: Omit<
    Manifest,
    | "format"
    | "startedAt"
    | "finishedAt"
    | "artifacts"
    | "database"
    | "media"
    | "restoreCommands"
    | "encrypted"
    | "encryption"
    | "folder"
    | "authentication"
  >;
  readonly now: () => Date;
}

/** With what a backup is sealed. */
export interface Seal {
  /** To whom its files are encrypted; null: to nobody, they are stored as they are. */
  readonly encryption: Encryption | null;
  /** Proves the manifest. */
  readonly mac: MacKey;
}

export interface BackupWork extends Running {
  report(report: Report): void;
  /** Told what was measured before anything is stored; rejects when there is no room for it. */
  fits?(measured: Measured): Promise<void>;
  /** Asked right before the manifest, which makes it a backup; rejects when that is no longer this process's to decide. */
  confirm?(manifest: Manifest): Promise<void>;
  /** Told what reads the database, and why it was chosen, as a sentence. */
  chosen?(engine: Exclude<DatabaseEngine, "AUTO">, reason: string): void;
  /** Told at the end what was asked of the source. */
  loaded?(load: SourceLoad): void;
}

const everyMilliseconds = 200;

/**
 * Takes a backup: database first, then media, then the manifest, whose presence is what makes it a backup. When anything
 * fails or `signal` aborts, nothing of it stays on the storage.
 */
export async function runBackup(plan: BackupPlan, work: BackupWork): Promise<Manifest> {
  const startedAt = plan.now();
  const packs: string[] = [];
  try {
    return await storeAll(plan, work, startedAt, packs);
  } catch (error) {
    // What failed first is what has to be told, also when the storage then refuses to be cleaned.
    await discardBackup(plan.storage, plan.folder).catch((refusal) =>
      work.say("WARN", `Could not remove what had been stored: ${messageOf(refusal)}`),
    );
    if (plan.media?.packs) await discardPacks(plan.storage, plan.media.packs.folder, packs, work.say);
    throw error;
  }
}

/** Removes all that an unfinished or unwanted backup has on its storage, the manifest first. */
export async function discardBackup(storage: Storage, folder: string): Promise<void> {
  await storage.remove(`${folder}/${manifestName}`);
  await storage.sweep(`${folder}/`);
  for await (const { name } of storage.list(`${folder}/`)) await storage.remove(name);
}

/** `packs` gets the names of the new packs, before they are stored. */
async function storeAll(plan: BackupPlan, work: BackupWork, startedAt: Date, packs: string[]): Promise<Manifest> {
  work.report({ phase: "PREPARING", bytesProcessed: 0, bytesExpected: null, currentItem: null });
  const { database: dump, limits = noLimits } = plan;
  await using opened = new AsyncDisposableStack();
  const pack = async (media: NonNullable<BackupPlan["media"]>) => {
    const recipients = plan.seal?.encryption?.recipients ?? null;
    return opened.use(await openPack({ ...media, packing: plan.packing, limits, recipients, ...work }));
  };
  // Its process starts and reads ahead while the folders are measured; behind a database it would only wait.
  const packing = plan.media && !plan.media.packs && !dump ? await pack(plan.media) : null;
  const measured = await measureSource(plan, work);
  await work.fits?.(measured);
  const expected = (measured.database ?? 0) + (sizeBefore(plan) ?? measured.media ?? 0);
  const artifacts: Artifact[] = [];
  let before = 0;
  let loadNow: LoadNow | null = null;
  const observeLoad = (now: LoadNow) => {
    loadNow = now;
  };
  const storePart = async <S>(part: Part, phase: Phase, reader: PartReader<S>): Promise<S> => {
    const follow = () => {
      const { bytes, item } = reader.progress();
      work.report({ phase, bytesProcessed: before + bytes, bytesExpected: expected, currentItem: item, load: loadNow });
    };
    const { artifact, summary } = await store(plan, work, part, reader, { follow, expected: measured[part] });
    artifacts.push(artifact);
    before += artifact.size;
    return summary;
  };
  let database: DatabaseSummary | null = null;
  let media: MediaSummary | null = null;
  if (dump)
    database = await onceMoreIfChanged(work, async () => {
      const reader = await openDump({ ...dump, packing: plan.packing, limits, ...work });
      const began = plan.now();
      const { result, load } = await watchingLoad(dump.connection, work, () => storePart("database", "DATABASE", reader), observeLoad);
      loadNow = null;
      tellLoad(work, result, load, { bytes: before, milliseconds: plan.now().getTime() - began.getTime() });
      return result;
    });
  if (plan.media?.packs) {
    const observe = ({ bytes, item }: PartProgress) =>
      work.report({ phase: "MEDIA", bytesProcessed: before + bytes, bytesExpected: expected, currentItem: item });
    const { packing, about, now } = plan;
    const request = { ...plan.media, ...placeOf(plan), packing, limits, now, id: about.id, packs: plan.media.packs };
    const stored = await storeIncremental({ ...request, ...work, observe, bringing: (name) => packs.push(name) });
    artifacts.push(stored.artifact);
    before += stored.artifact.size;
    media = stored.summary;
  } else if (plan.media) {
    const reader = packing ?? (await pack(plan.media));
    const summary = await storePart("media", "MEDIA", reader);
    media = { ...summary, index: await storeIndex(plan, work, reader) };
  }

  work.report({ phase: "STORING", bytesProcessed: before, bytesExpected: before, currentItem: manifestName });
  const parts = artifacts.map(({ part }) => part);
  const encryption = plan.seal?.encryption ?? null;
  const unproved: Omit<Manifest, "authentication"> = {
    format: 1,
    ...plan.about,
    folder: plan.folder,
    encrypted: encryption !== null,
    encryption,
    startedAt: startedAt.toISOString(),
    finishedAt: plan.now().toISOString(),
    artifacts,
    database,
    media,
    restoreCommands: restoreCommands(
      parts,
      plan.packing.compression,
      database?.name ?? null,
      encryption !== null,
      media?.packs ? plan : null,
    ),
  };
  const manifest: Manifest = { ...unproved, authentication: plan.seal ? authenticate(unproved, plan.seal.mac) : null };
  await work.confirm?.(manifest);
  await plan.storage.put(`${plan.folder}/${manifestName}`, Readable.from([Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]), work);
  return manifest;
}

/** What was asked of the source, to whom it concerns and to the log. */
function tellLoad(
  { loaded, say }: BackupWork,
  { snapshot }: DatabaseSummary,
  load: ServerLoad,
  { bytes, milliseconds }: { readonly bytes: number; readonly milliseconds: number },
): void {
  const asked: SourceLoad = {
    connections: snapshot?.connections ?? 1,
    ...load,
    lockMilliseconds: snapshot?.lockMilliseconds ?? null,
    bytesPerSecond: Math.round((bytes * 1000) / Math.max(1, milliseconds)),
  };
  say("INFO", `Load on the source: ${describeLoad(asked)}.`);
  loaded?.(asked);
}

/** A migration that comes in between spoils a dump, and is most often over by the time of the next one. */
async function onceMoreIfChanged<T>({ signal, say }: BackupWork, dump: () => Promise<T>): Promise<T> {
  try {
    return await dump();
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure && error.reason === "SCHEMA_CHANGED")) throw error;
    say("WARN", `${error.message} The dump is taken once more.`);
    return dump();
  }
}

/** How large the media were that an incremental backup builds on; null where it builds on none. */
const sizeBefore = ({ media }: BackupPlan) => media?.packs?.previous?.manifest.artifacts.find(({ part }) => part === "media")?.size ?? null;

/** Stores the list of what is in the archive beside it. */
async function storeIndex(plan: BackupPlan, { signal }: BackupWork, reader: PackReader): Promise<MediaIndexFile> {
  const name = mediaIndexName(plan.packing.compression, isEncrypted(plan));
  const { size, bytes } = reader.index();
  return { ...(await storeFile(placeOf(plan), name, bytes, { signal, expected: size })), size };
}

async function store<S>(
  plan: BackupPlan,
  work: BackupWork,
  part: Part,
  reader: PartReader<S>,
  { follow, expected }: { readonly follow: () => void; readonly expected: number | null },
): Promise<{ artifact: Artifact; summary: S }> {
  const name = artifactName(part, plan.packing.compression, isEncrypted(plan));
  const started = plan.now();
  const timer = setInterval(follow, everyMilliseconds);
  // A reader that fails rejects both: `done` is looked at last, and must not count as unhandled until then.
  reader.done.catch(() => {});
  try {
    const stored = await storeFile(placeOf(plan), name, reader.bytes, { signal: work.signal, expected, inside: reader.inside });
    const { size, summary } = await reader.done;
    follow();
    const seconds = (plan.now().getTime() - started.getTime()) / 1000;
    work.say("INFO", `Stored ${name}: ${formatBytes(size)} in ${formatBytes(stored.storedSize)}, ${formatDuration(seconds)}.`);
    return { artifact: { part, size, ...stored }, summary };
  } finally {
    clearInterval(timer);
  }
}

const placeOf = ({ storage, folder, seal }: BackupPlan) => ({ storage, folder, encryption: seal?.encryption ?? null });

const isEncrypted = ({ seal }: BackupPlan) => (seal?.encryption ?? null) !== null;
