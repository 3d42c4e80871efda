import { describe, expect, it } from "vitest";
import { type Recovery, recoveryOf, worstFirst } from "../../client/lib/recovery.ts";

const now = new Date("2026-11-22T09:00:00Z");
const error = { code: "SOURCE_UNAVAILABLE", message: "The database at 10.0.0.5:3306 refuses the password", hint: null };
const shop = {
  name: "Shop",
  database: {},
  mediaPaths: ["/srv/shop"],
  failuresSinceBackup: 0,
  expectedRestoreSeconds: 240,
  measuredRestoreSeconds: null,
  lastProven: { createdAt: "2026-11-21T02:59:00Z", startedAt: "2026-11-21T03:00:00Z" },
  lastBackup: {
    type: "FULL",
    createdAt: "2026-11-22T02:59:00Z",
    startedAt: "2026-11-22T03:00:00Z",
    provenAt: null,
    lastVerification: null,
  },
  latestAttempt: { status: "COMPLETED", error: null },
} as const;
const old = { ...shop.lastBackup, startedAt: "2026-11-20T03:00:00Z" };
const proven = { ...shop.lastBackup, provenAt: "2026-11-22T03:00:00Z" };
const verified = {
  id: "v",
  kind: "VERIFICATION",
  level: "RESTORE",
  createdAt: "2026-11-22T04:00:00Z",
  startedAt: null,
  finishedAt: null,
  durationSeconds: null,
  restoreSeconds: null,
} as const;
const broken = { ...shop.lastBackup, lastVerification: { ...verified, status: "COMPLETED", passed: false } } as const;
const inProof = { ...shop.lastBackup, lastVerification: { ...verified, status: "RUNNING", passed: null } } as const;
const failed = (code = error.code) => ({ status: "FAILED", error: { ...error, code } }) as const;

describe("the answer for one source", () => {
  it.each([
    [
      "a proven backup",
      { lastBackup: proven, measuredRestoreSeconds: 130 },
      "proven",
      "Shop can be restored to 03:00 today, in about 2 minutes. Proven 6 hours ago.",
      null,
      "back-up",
    ],
    [
      "a proof of an earlier one",
      {},
      "good",
      "Shop can be restored to 03:00 today, in about 4 minutes.",
      "The newest proven one is of 03:00 yesterday.",
      "back-up",
    ],
    [
      "no proof at all",
      { lastProven: null },
      "good",
      "Shop can be restored to 03:00 today, in about 4 minutes. Never proven.",
      null,
      "prove",
    ],
    [
      "a source that was never restored",
      { lastProven: null, expectedRestoreSeconds: null },
      "good",
      "Shop can be restored to 03:00 today. Never proven.",
      "It has never been restored, so how long that takes is not known.",
      "prove",
    ],
    [
      "a proof under way",
      { lastBackup: inProof, lastProven: null },
      "good",
      "Shop can be restored to 03:00 today, in about 4 minutes. Never proven.",
      "It is being proven now.",
      undefined,
    ],
    [
      "a newest backup that is not whole",
      { lastBackup: broken },
      "bad",
      "The newest backup of Shop is not whole: its verification failed.",
      "The newest proven one is of 03:00 yesterday.",
      "see-proof",
    ],
    [
      "no whole backup",
      { lastBackup: broken, lastProven: null },
      "bad",
      "The newest backup of Shop is not whole: its verification failed.",
      "No backup of it is proven.",
      "see-proof",
    ],
    [
      "an old backup",
      { lastBackup: old },
      "attention",
      "Shop can be restored to 03:00 on Fri 20 Nov, in about 4 minutes.",
      "Its newest backup is 2 days old.",
      "back-up",
    ],
    [
      "a newest backup without media",
      { lastBackup: { ...shop.lastBackup, type: "DATABASE" } },
      "attention",
      "Only the database of Shop can be restored to 03:00 today, in about 4 minutes.",
      "The newest backup leaves out its media.",
      "back-up",
    ],
    [
      "three failures since",
      { lastBackup: old, failuresSinceBackup: 3, latestAttempt: failed() },
      "bad",
      "The last good backup of Shop is 2 days old.",
      "The last three attempts failed: the database at 10.0.0.5:3306 refuses the password.",
      "fix-source",
    ],
    [
      "a full storage",
      { failuresSinceBackup: 1, latestAttempt: failed("STORAGE_FULL") },
      "bad",
      "The last good backup of Shop is 6 hours old.",
      "The last attempt failed: the database at 10.0.0.5:3306 refuses the password.",
      "fix-storage",
    ],
    [
      "only failures",
      { lastBackup: null, failuresSinceBackup: 2, latestAttempt: failed("DUMP_FAILED") },
      "bad",
      "Shop could not be restored: no backup of it has completed.",
      "The last two attempts failed: the database at 10.0.0.5:3306 refuses the password.",
      "see-attempt",
    ],
    [
      "no backup",
      { lastBackup: null, latestAttempt: null },
      "bad",
      "Shop has no backup yet. If it broke now, nothing would come back.",
      null,
      "back-up",
    ],
    [
      "the first backup under way",
      { lastBackup: null, latestAttempt: { status: "RUNNING", error: null } },
      "idle",
      "The first backup of Shop is running.",
      null,
      undefined,
    ],
    [
      "a further backup under way",
      { latestAttempt: { status: "QUEUED", error: null } },
      "good",
      "Shop can be restored to 03:00 today, in about 4 minutes.",
      "A new backup is running.",
      undefined,
    ],
  ] as const)("with %s", (_, change, tone, text, detail, action) => {
    const answer = recoveryOf({ ...shop, ...change }, now, "UTC");
    expect([answer.tone, answer.text, answer.detail, answer.action?.kind]).toEqual([tone, text, detail, action]);
  });

  it("calls a database without media whole", () => {
    const answer = recoveryOf({ ...shop, mediaPaths: [], lastBackup: { ...proven, type: "DATABASE" } }, now, "UTC");
    expect(answer.tone).toBe("proven");
  });
});

it("puts the worst first and keeps the order of equals", () => {
  const tones: [string, Recovery["tone"]][] = [
    ["a", "good"],
    ["b", "bad"],
    ["c", "attention"],
    ["d", "bad"],
    ["e", "idle"],
    ["f", "proven"],
    ["g", "good"],
  ];
  const list = tones.map(([name, tone]) => ({ name, recovery: { tone, text: "", detail: null, action: null } }));
  expect(worstFirst(list).map(({ name }) => name)).toEqual(["b", "d", "c", "e", "a", "g", "f"]);
});
