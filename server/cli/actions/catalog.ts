import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { formatCount } from "../../../shared/format.ts";
import { badInput, Failure } from "../../domain/errors.ts";
import { adoptStorageDocument, type RebuildReport, rebuildDocument } from "../documents/catalog.ts";
import { type Storage, storagesDocument } from "../documents/storages.ts";
import { answer } from "../output.ts";
import type { Session } from "../session.ts";

export interface RebuildOptions {
  readonly dryRun?: boolean;
  readonly adoptForeign?: boolean;
}

/** rebuild-catalog: exit status 1 when something could not be adopted or is missing. */
export async function rebuild(session: Session, named: string, { dryRun = false, adoptForeign = false }: RebuildOptions): Promise<void> {
  const storage = await storageToRead(session, named, dryRun);
  const { rebuildCatalog: report } = await session.holdfast.ask<{ rebuildCatalog: RebuildReport }>(rebuildDocument, {
    ...{ id: storage.id, dryRun, adoptForeign },
  });
  if (report.problems.length > 0 || report.missing.length > 0) process.exitCode = 1;
  answer(session, report, told(report).join("\n"));
}

/** The storage of this id, name or place; a folder that is none yet becomes one. */
async function storageToRead({ holdfast }: Session, named: string, dryRun: boolean): Promise<Storage> {
  const { storages } = await holdfast.ask<{ storages: readonly Storage[] }>(storagesDocument);
  const folder = resolve(named);
  const found =
    storages.find(({ id }) => id === named) ??
    storages.find(({ name }) => name === named) ??
    storages.find(({ kind, location }) => kind === "LOCAL" && location === folder);
  if (found) return found;
  if (!named.includes("/") || !(await stat(folder).catch(() => null))?.isDirectory())
    throw new Failure(
      "NOT_FOUND",
      `There is no storage ${named}.`,
      "`npx holdfast list-storages` names them; a local one may be named by its folder.",
    );
  if (dryRun)
    throw badInput(
      `${folder} is not a storage yet, and a dry run makes none.`,
      "Leave --dry-run out, or make it one first with create-storage: neither changes a backup.",
    );
  const name = freeName(basename(folder), new Set(storages.map((storage) => storage.name)));
  const input = { name, kind: "LOCAL", local: { directory: folder } };
  const { createStorage } = await holdfast.ask<{ createStorage: Storage }>(adoptStorageDocument, { input });
  return createStorage;
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted} ${number}`;
    if (!taken.has(name)) return name;
  }
}

function told(report: RebuildReport): string[] {
  const { storage, dryRun, found, adopted, copies, known, foreign, foreignBackups, problems, missing, sources, notes } = report;
  const counts = [
    `${dryRun ? "would adopt" : "adopted"} ${adopted}`,
    ...(copies > 0 ? [`${formatCount(copies, "further copy", "further copies")}`] : []),
    `${known} known`,
    ...(foreign > 0 ? [`${foreign} of another Holdfast`] : []),
  ];
  return [
    `${storage.name} (${storage.location}): ${formatCount(found, "backup")}; ${counts.join(", ")}.`,
    ...sources.map(({ name }) => `New source: ${name}`),
    ...foreignBackups.map(({ folder, name, source }) => `Of another Holdfast, left alone: ${folder}: ${name}, of ${source}`),
    ...problems.map(({ folder, message }) => `Left alone: ${folder ? `${folder}: ` : ""}${message}`),
    ...missing.map(({ id, name }) => `Missing on the storage: ${name} (${id})`),
    ...notes,
  ];
}
