import { describe, expect, it } from "vitest";
import { linkGives, linkNames, stillWorking, usedWords } from "../../client/lib/download-words.ts";

const nothing = { artifact: null, path: null, format: null, paths: null, pathCount: null };

describe("a download link", () => {
  it.each([
    [nothing, "The whole backup"],
    [{ ...nothing, artifact: "media.tar.zst" }, "media.tar.zst"],
    [{ ...nothing, path: "media/a b.jpg" }, "media/a b.jpg"],
    [{ ...nothing, format: "TAR" as const }, "All files as .tar"],
    [{ ...nothing, format: "ZIP" as const, paths: ["media/pictures"], pathCount: 1 }, "media/pictures as .zip"],
    [{ ...nothing, format: "ZIP" as const, paths: ["a", "b"], pathCount: 1200 }, "1,200 files or folders as .zip"],
  ])("says what it gives: %j", (link, words) => expect(linkGives(link)).toBe(words));

  it("names what it counts, and how many it does not name", () => {
    expect(linkNames({ ...nothing, format: "ZIP", paths: ["a", "b"], pathCount: 1200 })).toBe("a\nb\nand 1,198 more");
    expect(linkNames({ ...nothing, format: "ZIP", paths: ["a", "b"], pathCount: 2 })).toBe("a\nb");
    expect([linkNames(nothing), linkNames({ ...nothing, format: "ZIP", paths: ["a"], pathCount: 1 })]).toEqual([null, null]);
  });

  it("is shown until it ends, and for as long as somebody reads through it", () => {
    const now = new Date("2026-03-14T10:00:00Z");
    const [over, lasting] = ["2026-03-14T09:59:59Z", "2026-03-14T10:00:01Z"];
    const [ended, works, read] = [
      { expiresAt: over, reading: false },
      { expiresAt: lasting, reading: false },
      { expiresAt: over, reading: true },
    ];
    expect(stillWorking([ended, works, read], now)).toEqual([works, read]);
    expect([0, 1, 7].map(usedWords)).toEqual(["not used yet", "used once", "used 7 times"]);
  });
});
