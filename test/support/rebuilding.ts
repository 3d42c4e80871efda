import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type RebuildReport, rebuildDocument } from "../../server/cli/documents/catalog.ts";
import { catalogOf } from "./catalog-of.ts";
import { backUp, type Holdfast } from "./holdfast.ts";

/** Makes a storage, of a folder or as it is described, and gives its id. */
export async function addStorage(on: Holdfast, name: string, place: string | object): Promise<string> {
  const described = typeof place === "string" ? { kind: "LOCAL", local: { directory: place } } : place;
  const { createStorage } = await on.graphql<{ createStorage: { id: string } }>(
    "mutation ($input: StorageInput!) { createStorage(input: $input) { id } }",
    { input: { name, ...described } },
  );
  return createStorage.id;
}

/** The id of a backup that completed. */
export async function completed(on: Holdfast, input: Record<string, unknown>): Promise<string> {
  const { id, status, error } = await backUp(on, input);
  expect([status, error]).toEqual(["COMPLETED", null]);
  return id;
}

/** The report of a rebuild from the storage of this name. */
export async function rebuild(
  on: Holdfast,
  name: string,
  options: { dryRun?: boolean; adoptForeign?: boolean } = {},
): Promise<RebuildReport> {
  const { storages } = await on.graphql<{ storages: { id: string; name: string }[] }>("{ storages { id name } }");
  const id = storages.find((storage) => storage.name === name)?.id;
  return (await on.graphql<{ rebuildCatalog: RebuildReport }>(rebuildDocument, { id, ...options })).rebuildCatalog;
}

/** Waits until every storage has the labels that the catalog has. */
export const labelsWritten = (on: Holdfast) =>
  expect
    .poll(() =>
      catalogOf(on).query(
        "SELECT b.id FROM backups b JOIN backup_copies c ON c.backup_id = b.id WHERE c.labels_version < b.labels_version AND c.state = 'STORED'",
      ),
    )
    .toEqual([]);

/** What the storages cannot know. */
const unknowable = {
  // Which of its storages is read first is the order of the rebuild; the rest is how its operation ran.
  backups: [
    ...["storage_id", "compression_level", "verify", "worker", "phase", "percent", "bytes_processed", "bytes_expected"],
    ...["bytes_per_second", "eta_seconds", "progress_at", "started_at", "finished_at", "engine_reason", "source_load"],
  ],
  sources: ["database_password", "created_at"],
};

/** Every row that the storages can give back, each storage named by its place. */
export async function portrait(on: Holdfast) {
  const catalog = catalogOf(on);
  const rows = (sql: string) => catalog.query<Record<string, unknown>>(sql);
  const without = (row: Record<string, unknown>, names: readonly string[]) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
  const parsed = (row: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, /^[[{]/.test(String(value)) ? JSON.parse(String(value)) : value]));
  return {
    sources: (await rows("SELECT * FROM sources ORDER BY id")).map((row) => parsed(without(row, unknowable.sources))),
    backups: (await rows("SELECT * FROM backups WHERE status = 'COMPLETED' ORDER BY id")).map((row) =>
      parsed(without(row, unknowable.backups)),
    ),
    manifests: (await rows("SELECT * FROM backup_manifests ORDER BY backup_id")).map(parsed),
    copies: await rows(
      "SELECT c.*, s.config AS storage_id FROM backup_copies c JOIN storages s ON s.id = c.storage_id WHERE state = 'STORED' ORDER BY backup_id, s.config",
    ),
  };
}

/** Every file below, with what is in it. */
export const contentOf = async (directory: string) => {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = names.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(await Promise.all(files.map(async (path) => [path, (await readFile(path)).toString("base64")] as const)));
};
