import { describe, expect, it } from "vitest";
import { oneLine, shortReason, someLines, spanOf } from "../../server/domain/notification-words.ts";

describe("words of strangers in a message", () => {
  it("are one line without control characters or turns of direction, and of a length that every channel takes", () => {
    expect(oneLine("Shop\r\nBcc: a@b.example\u0000\u202e!")).toBe("Shop Bcc: a@b.example !");
    expect([...oneLine("😀".repeat(500), 120)].length).toBe(120);
    expect(oneLine("x".repeat(10_000_000), 120)).toMatch(/^x{119}…$/);
    expect(someLines("It broke.\nThe browser is broken, too.\r\n")).toBe("It broke.\nThe browser is broken, too.\n");
  });

  it("become a reason of a few words, and spans of time a person's", () => {
    expect(shortReason("SOURCE_UNAVAILABLE", "Could not reach the database at 10.0.0.5:3306: connection refused.")).toBe(
      "the database cannot be reached: connection refused",
    );
    expect(shortReason("STORAGE_FULL", "It is full.")).toBe("the storage is full");
    expect([59_000, 60_000, 3_600_000, 36 * 3_600_000, 5 * 86_400_000].map(spanOf)).toEqual([
      "less than a minute",
      "1 minute",
      "60 minutes",
      "2 days",
      "5 days",
    ]);
  });
});
