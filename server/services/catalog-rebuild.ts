import type { Db } from "../db/client.ts";
import { listPackSharers, recountShares } from "../db/packs.ts";
import { hasOwnHistory } from "../db/rebuild.ts";
import { noteDuePlaces } from "../db/unneeded-packs.ts";
import { type Actor, allow } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import { packsFolder } from "../domain/naming.ts";
import type { RebuildReport } from "../domain/rebuild.ts";
import { readAhead } from "../engine/read-ahead.ts";
import { examineFolder, type FoundFolder, packSizesOn, type StoredFolder, storedFolders } from "../engine/stored-folders.ts";
import type { Bus } from "../events/bus.ts";
import type { Audit } from "./audit.ts";
import type { ClockWatch } from "./clock-watch.ts";
import { createRebuildAdoption } from "./rebuild-adoption.ts";
import { missingOn } from "./rebuild-missing.ts";
import { openRebuildSources } from "./rebuild-sources.ts";
import { openTally } from "./rebuild-tally.ts";
import type { Signing } from "./signing.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly storages: Pick<Storages, "choose" | "open">;
  readonly signing: Pick<Signing, "judgeLabels" | "judgeManifest">;
  readonly clock: Pick<ClockWatch, "hold">;
  readonly now: () => Date;
}

export interface RebuildOptions {
  /** Say what would be done, and write nothing. */
  readonly dryRun?: boolean;
  /** Backups of another Holdfast, too. */
  readonly adoptForeign?: boolean;
}

export type CatalogRebuild = ReturnType<typeof createCatalogRebuild>;

/** So many manifests are read at a time. */
const readAtOnce = 16;
/** So many backups, or so much of their manifests, are written into the catalog in one transaction. */
const batch = { backups: 50, characters: 4 * 1024 * 1024 };

/**
 * Reads what lies on a storage back into the catalog, be that empty, or of an older day, or right: backups that it does not
 * know are adopted, what it knows stays as it is, and nothing is deleted anywhere. What was adopted stays, so a run that was
 * cut short is simply done again.
 */
export function createCatalogRebuild(dependencies: Dependencies) {
  const { catalog, bus, audit, storages, clock, now } = dependencies;
  const adoption = createRebuildAdoption(dependencies);
  const running = new Set<StorageId>();

  async function read(storageId: StorageId, { dryRun = false, adoptForeign = false }: RebuildOptions): Promise<RebuildReport> {
    const storage = await storages.open(storageId);
    const sources = await openRebuildSources(catalog, now, dryRun);
    const ownHistory = await hasOwnHistory(catalog);
    const [tally, there] = [openTally(), new Set<string>()];
    const run = { storageId, dryRun, adoptForeign, ownHistory, sources, tally };
    const packSizes = packSizesOn(storage);
    const examine = (folder: StoredFolder) => examineFolder(storage, folder, packSizes);
    for await (const folders of inBatches(readAhead(storedFolders(storage), readAtOnce, examine))) {
      for (const { kind, folder } of folders) if (kind !== "unfinished") there.add(folder);
      for (const id of await adoption.take(folders, run)) bus.publish("backup", { id });
    }
    const missing = await missingOn(catalog, storageId, storage, there);
    const [report, adopted] = [tally.report(), sources.adopted()];
    if (!dryRun && report.adopted + report.copies > 0) await settleShared(catalog, storageId);
    const held = report.adopted > 0 && !ownHistory;
    // Which schedule kept them for how long, the storage does not know: nothing may be deleted before somebody has looked.
    if (held && !dryRun) await clock.hold("The catalog was rebuilt from a storage.");
    const notes = notesOf({
      ...report,
      missing: missing.length,
      dryRun,
      held,
      passwords: adopted.filter((row) => row.databaseName !== null),
    });
    return { storageId, dryRun, ...report, missing, sourceIds: dryRun ? [] : adopted.map(({ id }) => id), notes };
  }

  return {
    async rebuild(actor: Actor | null, id: StorageId, options: RebuildOptions): Promise<RebuildReport> {
      allow(actor, "configure");
      const { name } = await storages.choose(id);
      if (running.has(id)) throw new Failure("CONFLICT", `${name} is being read back already.`, "Wait until that has ended.");
      running.add(id);
      try {
        const report = await read(id, options);
        const { found, adopted, copies, foreign, problems, missing } = report;
        const counts = { found, adopted, copies, foreign, problems: problems.length, missing: missing.length };
        if (!report.dryRun) await audit.record(actor, "catalog.rebuild", name, { ...counts, adoptForeign: options.adoptForeign ?? false });
        return report;
      } finally {
        running.delete(id);
      }
    },
  };
}

/** Counts what was adopted and shares packs, and has what no manifest there names looked at. */
async function settleShared(catalog: Db, storageId: StorageId): Promise<void> {
  const sharers = await listPackSharers(catalog, null);
  for (const sourceId of new Set(sharers.map((one) => one.sourceId))) await recountShares(catalog, sourceId);
  const places = new Map(
    sharers.map(({ sourceId, folder }) => [packsFolder(folder), { sourceId, storageId, folder: packsFolder(folder) }]),
  );
  await noteDuePlaces(catalog, [...places.values()], null);
}

async function* inBatches(found: AsyncIterable<FoundFolder>): AsyncGenerator<FoundFolder[]> {
  let [folders, characters]: [FoundFolder[], number] = [[], 0];
  for await (const folder of found) {
    folders.push(folder);
    if (folder.kind === "backup") characters += folder.text.length;
    if (folders.length < batch.backups && characters < batch.characters) continue;
    yield folders;
    [folders, characters] = [[], 0];
  }
  if (folders.length > 0) yield folders;
}

interface Noted {
  readonly dryRun: boolean;
  readonly held: boolean;
  readonly foreign: number;
  readonly missing: number;
  readonly passwords: readonly { readonly name: string }[];
}

function notesOf({ dryRun, held, foreign, missing, passwords }: Noted): string[] {
  const named = passwords.map(({ name }) => name).join(", ");
  return [
    ...(passwords.length > 0 && !dryRun ? [`No storage holds a password: enter that of the database of ${named} again.`] : []),
    ...(held && !dryRun
      ? ["Nothing is deleted by itself until you say so: look at the retention first, then let cleanup go on under Cleanup."]
      : []),
    ...(foreign > 0
      ? [
          "What is foreign was written with a key that is not in this Holdfast's key file: another Holdfast's, or yours with the wrong key file.",
        ]
      : []),
    ...(missing > 0 ? ["What is missing stays in the catalog; delete those backups when you are sure that they are gone."] : []),
  ];
}
