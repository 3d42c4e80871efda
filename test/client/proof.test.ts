import { describe, expect, it } from "vitest";
import { proofOf, proofSentence, proofWord } from "../../client/lib/proof.ts";
import { provenShape } from "../../client/lib/recovery-line.ts";
import { verificationFacts, verificationOutcome, worstTablesFirst } from "../../client/lib/verification-words.ts";

const now = new Date("2026-11-22T09:00:00Z");
const ran = {
  id: "v",
  kind: "VERIFICATION",
  status: "COMPLETED",
  level: "RESTORE",
  passed: true,
  createdAt: "2026-11-22T03:00:00Z",
  startedAt: "2026-11-22T03:00:01Z",
  finishedAt: "2026-11-22T03:05:00Z",
  durationSeconds: 299,
  restoreSeconds: 240,
} as const;
const proven = { provenAt: ran.finishedAt, lastVerification: ran } as const;
const look = (change: object) => ({ ...proven, lastVerification: { ...ran, ...change } });

describe("how far a backup is proven", () => {
  it.each([
    ["nothing was looked at", { provenAt: null, lastVerification: null }, "never", "Never proven", "ring"],
    ["a drill passed", proven, "proven", "Proven 6 hours ago", "proven"],
    [
      "only its bytes were read",
      { ...look({ level: "CHECKSUM", restoreSeconds: null }), provenAt: null },
      "checksum",
      "Checksum verified 6 hours ago",
      "filled",
    ],
    [
      "its bytes were read after a drill",
      look({ level: "CHECKSUM", restoreSeconds: null, finishedAt: "2026-11-22T08:00:00Z" }),
      "proven",
      "Proven 6 hours ago",
      "proven",
    ],
    ["the newest verification found it bad", look({ passed: false }), "failed", "Verification failed 6 hours ago", "broken"],
    ["the newest could not be carried out", look({ status: "FAILED", passed: null }), "proven", "Proven 6 hours ago", "proven"],
    [
      "the only one could not be carried out",
      { ...look({ status: "FAILED", passed: null }), provenAt: null },
      "never",
      "Never proven",
      "ring",
    ],
    ["one runs", look({ status: "RUNNING", passed: null, finishedAt: null }), "running", "Being proven", "ring"],
  ] as const)("says it where %s", (_, backup, level, words, shape) => {
    const proof = proofOf(backup);
    expect([proof.level, proofWord(proof, now), provenShape(proof.level)]).toEqual([level, words, shape]);
  });

  it("keeps the diamond of a pinned backup, but shows before all else that one is not whole", () => {
    expect((["never", "checksum", "proven", "failed"] as const).map((level) => provenShape(level, true))).toEqual([
      "diamond",
      "diamond-filled",
      "diamond-proven",
      "broken",
    ]);
  });

  it("tells how long the restore took only from a drill", () => {
    expect(proofSentence(proofOf(proven), now)).toMatch(/the restore took about 4 minutes$/);
    expect(proofSentence(proofOf(look({ level: "CHECKSUM", restoreSeconds: null })), now)).not.toMatch(/took/);
  });
});

const orders = { table: "orders", expectedRows: 3, restoredRows: 3, matches: true, problem: null };
const lost = { table: "payments", expectedRows: 9, restoredRows: 8, matches: false, problem: "1 row is missing" };
const found = {
  level: "RESTORE",
  status: "COMPLETED",
  passed: true,
  tables: [orders],
  filesChecked: 1200,
  bytesChecked: 1_300_000_000,
  restoreSeconds: 134,
  problems: [],
} as const;

describe("what a verification came to", () => {
  it.each([
    ["a passed drill", {}, "Restored and compared: 1 table, 3 rows, 1,200 files, in 2 min 14 s."],
    [
      "a passed reading of the bytes",
      { level: "CHECKSUM", tables: [], filesChecked: null, restoreSeconds: null },
      "Every byte is as it was written: 1.30 GB read.",
    ],
    ["one difference", { passed: false, problems: ["payments lost a row"] }, "Not whole."],
    ["several differences", { passed: false, problems: ["a", "b"] }, "Not whole: 2 things differ from what was backed up."],
    ["a cancelled one", { status: "CANCELLED", passed: null }, "Cancelled: nothing was found out, and nothing of it is left."],
    ["one without a result", { status: "FAILED", passed: null }, "It could not be carried out, so nothing is known about the backup."],
  ] as const)("is one sentence: %s", (_, change, outcome) => {
    expect(verificationOutcome({ ...found, ...change })).toBe(outcome);
  });

  it("shows the facts that are known, and the tables that differ first", () => {
    expect(verificationFacts({ ...found, filesChecked: null }).map(([name]) => name)).toEqual([
      "Tables compared",
      "Bytes read",
      "Measured time to restore",
    ]);
    expect(worstTablesFirst([orders, lost]).map(({ table }) => table)).toEqual(["payments", "orders"]);
  });
});
