import { describe, expect, it } from "vitest";
import { cleanupOutcome } from "../../client/lib/cleanup-words.ts";
import {
  goingFirst,
  limitWords,
  noLimits,
  previewSentence,
  retentionSentence,
  spanOf,
  stayWords,
} from "../../client/lib/retention-words.ts";

const now = new Date("2026-11-22T09:00:00Z");

describe("limits", () => {
  it("are one sentence, in the order of their lengths", () => {
    expect(retentionSentence({ ...noLimits, days: 30 })).toBe("Keeps every backup of the last 30 days.");
    expect(retentionSentence({ ...noLimits, keepYearly: 3, keepLast: 1, keepWeekly: 8 })).toBe(
      "Keeps the newest 1 backup, one a week for 8 weeks and one a year for 3 years.",
    );
    expect(retentionSentence(noLimits)).toBe("Keeps everything: no limit is set.");
  });

  it("each have words", () => {
    expect(limitWords.map(({ key }) => key).toSorted()).toEqual(Object.keys(noLimits).toSorted());
  });
});

describe("a preview", () => {
  it("says how many stay and go, and what becomes free", () => {
    const of = (keptCount: number, removedCount: number) => previewSentence({ keptCount, removedCount, freedBytes: 1_200_000_000 });
    expect(of(12, 5)).toBe("12 stay, 5 go and free 1.20 GB.");
    expect(of(1, 1)).toBe("1 stays, 1 goes and frees 1.20 GB.");
    expect(of(9, 0)).toBe("All 9 stay; nothing would go.");
    expect(of(0, 0)).toBe("There are no good backups to judge yet.");
  });

  it("shows what goes first, the newest of it at the top", () => {
    const of = (id: string, keep: boolean, createdAt: string) => ({ keep, backup: { id, createdAt } });
    const list = [of("a", true, "2026-11-03"), of("b", false, "2026-11-01"), of("c", false, "2026-11-02")];
    expect(goingFirst(list).map(({ backup }) => backup.id)).toEqual(["c", "b", "a"]);
  });

  it("reaches back as far as its oldest backup", () => {
    expect(spanOf([], now)).toBe(1);
    expect(spanOf([{ createdAt: "2026-10-13T09:00:00Z" }, { createdAt: "2026-11-20T09:00:00Z" }], now)).toBe(42);
  });
});

it("a backup says until when it stays", () => {
  expect(stayWords({ expiresAt: "2027-01-03T02:00:00Z", pinned: false }, now)).toBe("Goes on 3 January 2027");
  expect(stayWords({ expiresAt: "2026-12-03T12:00:00Z", pinned: false }, now)).toBe("Goes on 3 December");
  expect(stayWords({ expiresAt: "2026-12-03T12:00:00Z", pinned: true }, now)).toBe("Kept: pinned");
  expect(stayWords({ expiresAt: "2026-11-20T02:00:00Z", pinned: false }, now)).toBe("Goes at the next cleanup");
  expect(stayWords({ expiresAt: null, pinned: false }, now)).toBeNull();
});

it("a cleanup says what it came to", () => {
  const done = { status: "COMPLETED", removedCount: 2, freedBytes: 2_400_000_000, kept: 59, refused: [{}], error: null } as const;
  expect(cleanupOutcome(done)).toBe("Deleted 2 backups, freed 2.40 GB, 59 backups kept; 1 backup could not be deleted at once.");
  expect(cleanupOutcome({ ...done, removedCount: 0, refused: [] })).toBe("Nothing to delete, 59 backups kept.");
  const error = { code: "CONFLICT", message: "The clock jumped", hint: null };
  expect(cleanupOutcome({ ...done, status: "FAILED", error })).toBe("The clock jumped.");
});
