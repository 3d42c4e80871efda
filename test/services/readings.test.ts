import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { insertDownload, listDownloading } from "../../server/db/downloads.ts";
import type { BackupId, SourceId } from "../../server/domain/ids.ts";
import { createReadings } from "../../server/services/readings.ts";
import { type AgedBackups, agedBackups } from "../support/aged-backups.ts";

let aged: AgedBackups;
let sourceId: SourceId;
beforeAll(async () => {
  aged = await agedBackups();
  sourceId = await aged.source("Shop");
});
afterAll(() => aged?.[Symbol.asyncDispose]());

const minute = 60_000;
const reading = (renewEveryMilliseconds = minute) =>
  createReadings({
    ...{ catalog: aged.db, bus: aged.bus, now: aged.now, renewEveryMilliseconds },
    ...{ limits: { perLink: 3, inAll: 4 }, onError: (error) => void aged.problems.push(error) },
  });
const isRead = async (id: BackupId) => (await listDownloading(aged.db, [id], aged.now())).length > 0;

async function linkTo(backupId: BackupId, name: string): Promise<string> {
  const tokenHash = createHash("sha256").update(name).digest("hex");
  const expiresAt = new Date(aged.now().getTime() + 60 * minute);
  await insertDownload(aged.db, { tokenHash, backupId, artifact: null, path: null, filename: name, expiresAt, actor: "root" }, aged.now());
  return tokenHash;
}

it("is said anew for as long as it lasts, and what a crash left ends by itself", async () => {
  const id = await aged.backup(sourceId, 1);
  const link = await linkTo(id, "renewed");
  const crashed = await reading().begin(link, id);
  expect(await isRead(id)).toBe(true);
  aged.pass(4 * minute);
  expect(await isRead(id)).toBe(false);
  const lasting = await reading(5).begin(link, id);
  aged.pass(4 * minute);
  await vi.waitFor(async () => expect(await isRead(id)).toBe(true));
  await lasting?.[Symbol.asyncDispose]();
  expect(await isRead(id)).toBe(false);
  await crashed?.[Symbol.asyncDispose]();
});

it("ends when the last of several through one link ends, however they come and go", async () => {
  const id = await aged.backup(sourceId, 1);
  const link = await linkTo(id, "several");
  const readings = reading();
  let last = await readings.begin(link, id);
  for (let round = 0; round < 10; round += 1) {
    // One ends in the moment in which another begins, whichever comes first.
    const steps = [() => last?.[Symbol.asyncDispose](), () => readings.begin(link, id)] as const;
    const [, next] =
      round % 2 === 0 ? await Promise.all([steps[0](), steps[1]()]) : (await Promise.all([steps[1](), steps[0]()])).reverse();
    expect(await isRead(id)).toBe(true);
    last = next ?? null;
  }
  await last?.[Symbol.asyncDispose]();
  expect(await isRead(id)).toBe(false);
  expect(aged.problems).toEqual([]);
});

it("does not begin once the backup is being deleted, and counts for nothing then", async () => {
  const id = await aged.backup(sourceId, 1);
  const link = await linkTo(id, "deleted");
  const readings = reading();
  await aged.deletions.begin({ id, sourceId }, async () => null);
  for (let tries = 0; tries < 5; tries += 1) expect(await readings.begin(link, id)).toBeNull();
});
