import { describe, expect, it } from "vitest";
import type { BackupId, SourceId, StorageId } from "../../server/domain/ids.ts";
import type { RetainedBackup } from "../../server/domain/retention.ts";
import { applyRetention } from "../../server/domain/retention-rule.ts";
import { now, unlimited } from "./retention-history.ts";

const [near, far] = ["near" as StorageId, "far" as StorageId];

/** A backup of 100 bytes, so many days old, named after its age. */
const aged = (days: number, storages: readonly StorageId[], more: Partial<RetainedBackup> = {}): RetainedBackup => ({
  ...{ id: String(days) as BackupId, sourceId: "shop" as SourceId, storages, type: "FULL", group: "nightly", storedSize: 100 },
  ...{ createdAt: new Date(+now - days * 86_400_000), retention: unlimited, good: true, pinned: false, proven: false, inUse: false },
  ...more,
});
const both = [near, far];

/** What becomes of each: kept everywhere, gone, or the storages that it leaves. */
const fates = (backups: readonly RetainedBackup[], caps: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    applyRetention(backups, {
      ...{ now, timeZone: "UTC" },
      caps: Object.entries(caps).map(([storageId, capBytes]) => ({ storageId: storageId as StorageId, capBytes })),
    }).map(({ id, keep, leaves }) => [id, keep ? (leaves.length > 0 ? `leaves ${leaves.join(", ")}` : "stays") : "goes"]),
  );

describe("a storage over its cap", () => {
  it.each<[string, readonly RetainedBackup[], Readonly<Record<string, number>>, Record<string, string>]>([
    [
      "gives up the copies of the oldest, which stay elsewhere",
      [aged(1, both), aged(2, both), aged(3, both), aged(4, both)],
      { near: 200 },
      { 1: "stays", 2: "stays", 3: "leaves near", 4: "leaves near" },
    ],
    [
      "gives up a whole backup only when nothing that lies elsewhere too is left to give",
      [aged(1, both), aged(2, both), aged(3, [near]), aged(4, [near])],
      { near: 200 },
      { 1: "stays", 2: "leaves near", 3: "stays", 4: "goes" },
    ],
    [
      "gives up damaged ones first",
      [aged(1, both), aged(2, [near], { good: false }), aged(3, both)],
      { near: 200 },
      { 1: "stays", 2: "goes", 3: "stays" },
    ],
    [
      "keeps what is pinned, in use or proven last, wherever else that lies",
      [aged(1, both), aged(2, both, { pinned: true }), aged(3, both, { inUse: true }), aged(4, both, { proven: true })],
      { near: 0 },
      { 1: "stays", 2: "stays", 3: "stays", 4: "stays" },
    ],
    [
      "keeps the newest good backup that it has, although a newer one lies elsewhere",
      [aged(1, [far]), aged(2, both), aged(3, both)],
      { near: 0 },
      { 1: "stays", 2: "stays", 3: "leaves near" },
    ],
    [
      "passes over a damaged one for that",
      [aged(1, [far]), aged(2, both, { good: false }), aged(3, both)],
      { near: 0 },
      { 1: "stays", 2: "leaves near", 3: "stays" },
    ],
    [
      "never leaves a backup on no storage, when two are over their cap",
      [aged(1, both), aged(2, both, { storedSize: 50 }), aged(3, both)],
      { near: 150, far: 200 },
      { 1: "stays", 2: "leaves far", 3: "leaves near" },
    ],
    [
      "and two that hold the same: what is left on one alone goes when that has to give more",
      [aged(1, both), aged(2, both), aged(3, both)],
      { near: 100, far: 100 },
      { 1: "stays", 2: "goes", 3: "goes" },
    ],
  ])("%s", (_, backups, caps, expected) => {
    expect(fates(backups, caps)).toEqual(expected);
  });
});
