import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BackupId, SourceId, StorageId } from "../../server/domain/ids.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

const day = 24 * 3_600_000;
const start = new Date("2026-11-22T03:00:00.000Z");
let own: Wired;
let sourceId: SourceId;
let second: StorageId;
let third: StorageId;

beforeAll(async () => {
  own = await wired(start);
  sourceId = await own.addMedia("Shop");
  const { storages, settings } = own.app.services;
  const storage = async (name: string) =>
    (await storages.create(administrator, { name, kind: "LOCAL", local: { directory: join(own.home, name) } })).id;
  [second, third] = [await storage("Second"), await storage("Third")];
  await settings.update(administrator, { autoCleanup: false, retentionDays: 1 });
});
afterAll(() => own?.[Symbol.asyncDispose]());

/** A complete backup on two storages, older than retention keeps it, with a newer good one beside it. */
async function agedBackup(): Promise<BackupId> {
  const { backups, storages } = own.app.services;
  const [first] = (await storages.list(administrator)).filter(({ isDefault }) => isDefault);
  const storageIds = [first?.id, second].filter((id) => id !== undefined);
  own.setClock(new Date(own.now().getTime() - 10 * day));
  const { id } = await backups.create(administrator, { type: "MEDIA", sourceId, storageIds }, "MANUAL");
  await own.performAll();
  own.setClock(new Date(own.now().getTime() + 10 * day));
  await backups.create(administrator, { type: "MEDIA", sourceId }, "MANUAL");
  await own.performAll();
  return id;
}

/** What may need a backup: begins it, and answers with what ends it. */
const uses: Readonly<Record<string, { readonly words: string; readonly begin: (id: BackupId) => Promise<() => Promise<unknown>> }>> = {
  "a restore": {
    words: "is being restored",
    async begin(id) {
      await own.app.services.restores.create(administrator, {
        ...{ backupId: id, type: "MEDIA", mode: "REPLACE", backupBeforeRestore: false },
      });
      return own.cancelAll;
    },
  },
  "a verification": {
    words: "is being verified",
    async begin(id) {
      await own.app.services.verifications.create(administrator, id, "CHECKSUM");
      return own.cancelAll;
    },
  },
  "a copy": {
    words: "is being copied",
    async begin(id) {
      const copy = await own.app.services.copies.create(administrator, id, third);
      return () => own.app.services.operations.cancel(administrator, copy.id);
    },
  },
  "a download": {
    words: "is being downloaded",
    async begin(id) {
      const { downloads } = own.app.services;
      const { path, filename } = await downloads.create(administrator, id, { artifact: null, path: null, archive: null });
      const link = await downloads.open(path.split("/")[2] ?? "", filename);
      const reading = await link?.begin();
      return async () => {
        await reading?.[Symbol.asyncDispose]();
        await downloads.revoke(administrator, id);
      };
    },
  },
};

describe.each(Object.entries(uses))("while %s needs it, a backup", (_, { words, begin }) => {
  it("is neither deleted, nor cleaned up, nor removed from a storage; afterwards it is", async () => {
    const { backups, cleanups, copies } = own.app.services;
    const id = await agedBackup();
    const end = await begin(id);
    const refusal = { code: "CONFLICT", reason: "IN_USE", message: expect.stringContaining(words) };
    await expect(backups.remove(administrator, id)).rejects.toMatchObject(refusal);
    await expect(copies.remove(administrator, id, second)).rejects.toMatchObject(refusal);
    const { removed } = await cleanups.cleanup(administrator, { dryRun: false }, "CLI");
    expect(removed.map((each) => each.id)).not.toContain(id);
    const [verdict] = (await cleanups.preview(administrator, {})).verdicts.filter(({ backup }) => backup.id === id);
    expect(verdict).toMatchObject({ keep: true, reasons: ["IN_USE"] });

    await end();
    await copies.remove(administrator, id, second);
    expect((await cleanups.cleanup(administrator, { dryRun: false }, "CLI")).removed.map((each) => each.id)).toContain(id);
  });
});
