import { afterAll, beforeAll, expect, it } from "vitest";
import { findBackup } from "../../server/db/backups.ts";
import { writeBackupCopy } from "../../server/db/copies.ts";
import { Failure } from "../../server/domain/errors.ts";
import type { BackupId } from "../../server/domain/ids.ts";
import { labelFiles, readLabels, writeLabels } from "../../server/engine/labels.ts";
import { createLabels } from "../../server/services/labels.ts";
import type { Signing } from "../../server/services/signing.ts";
import { type AgedBackups, administrator, agedBackups } from "../support/aged-backups.ts";

const signing: Pick<Signing, "sign"> = { sign: async (labels) => ({ ...labels, authentication: null }) };
let aged: AgedBackups;
let labels: ReturnType<typeof createLabels>;
let id: BackupId;
let folder: string;
let away = false;
const problems: unknown[] = [];
beforeAll(async () => {
  aged = await agedBackups();
  const { db: catalog, bus, audit, now, storageId } = aged;
  const open = async () => {
    if (away) throw new Failure("STORAGE_UNAVAILABLE", "It is away.");
    return aged.opened();
  };
  labels = createLabels({ catalog, bus, audit, now, signing, storages: { open }, onError: (error) => void problems.push(error) });
  id = await aged.backup(await aged.source("Shop"), 1);
  folder = (await findBackup(catalog, id))?.folder ?? "";
  await writeBackupCopy(catalog, { backupId: id, storageId, state: "STORED", storedAt: now() });
});
afterAll(async () => {
  await labels?.stop();
  await aged?.[Symbol.asyncDispose]();
});

const stored = async () => {
  const files = await labelFiles(aged.opened(), folder);
  return Promise.all(files.map((file) => readLabels(aged.opened(), folder, file)));
};

it("A new name lies beside the manifest, the newest alone, and a name that says the same changes nothing", async () => {
  await labels.update(administrator, id, { name: " Before the move ", description: "Keep" });
  await labels.idle();
  await labels.pin(administrator, id, true);
  await labels.pin(administrator, id, true);
  await labels.idle();
  expect(await stored()).toMatchObject([{ version: 2, backupId: id, folder, name: "Before the move", description: "Keep", pinned: true }]);
  await expect(labels.update(administrator, id, { name: "  " })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
});

it("A storage that was away is caught up by the upkeep", async () => {
  away = true;
  await labels.update(administrator, id, { description: "" });
  await labels.idle();
  expect(await findBackup(aged.db, id)).toMatchObject({ description: null, labelsVersion: 3 });
  expect(await stored()).toMatchObject([{ version: 2, description: "Keep" }]);
  expect(problems).not.toEqual([]);
  away = false;
  await labels.upkeep();
  expect(await stored()).toMatchObject([{ version: 3, description: null, pinned: true }]);
});

it("Labels that the catalog does not know are not overwritten: what is said now counts as newer", async () => {
  const [newest] = await stored();
  if (newest) await writeLabels(aged.opened(), folder, { ...newest, version: 7, name: "Said elsewhere" }, new AbortController().signal);
  await labels.update(administrator, id, { name: "Said here" });
  await labels.idle();
  expect(await stored()).toMatchObject([{ version: 8, name: "Said here" }]);
  expect(await findBackup(aged.db, id)).toMatchObject({ labelsVersion: 8, name: "Said here" });
});
