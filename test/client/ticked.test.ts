import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crumbs, isCovered, nothingTicked, parseTicked, tickedType, tickedWords, withPath, withTables } from "../../client/lib/ticked.ts";

describe("what is ticked", () => {
  it("knows that a folder brings along all below it, and nothing beside it", () => {
    expect(["media/a", "media/a/b.jpg", "media/ab.jpg", "media"].map((path) => isCovered(["media/a"], path))).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it("lets a folder take over what was ticked below it", () => {
    expect(withPath(["media/a/b.jpg", "media/c.jpg"], "media/a", true)).toEqual(["media/c.jpg", "media/a"]);
    expect(withPath(["media/c.jpg", "media/a"], "media/a", false)).toEqual(["media/c.jpg"]);
  });

  it("never holds a path beside a folder that covers it, however it was ticked", () => {
    const path = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
    fc.assert(
      fc.property(fc.array(path), (clicked) => {
        const paths = clicked.reduce<string[]>((held, one) => (isCovered(held, one) ? held : withPath(held, one, true)), []);
        expect(paths.filter((one) => isCovered(paths, one))).toEqual([]);
        expect(new Set(paths).size).toBe(paths.length);
        for (const one of clicked) expect(paths.includes(one) || isCovered(paths, one)).toBe(true);
      }),
    );
  });

  it("ticks many tables at once and unticks them again", () => {
    expect(withTables(["a", "b"], ["b", "c"], true)).toEqual(["a", "b", "c"]);
    expect(withTables(["a", "b"], ["b", "c"], false)).toEqual(["a"]);
  });

  it.each([
    [nothingTicked, null, null],
    [{ tables: ["a"], paths: [] }, "1 table", "DATABASE"],
    [{ tables: [], paths: ["a", "b"] }, "2 files or folders", "MEDIA"],
    [{ tables: ["a", "b", "c"], paths: ["a"] }, "3 tables and 1 file or folder", "FULL"],
  ] as const)("says %j in words and as parts", (ticked, words, type) => {
    expect([tickedWords(ticked), tickedType(ticked)]).toEqual([words, type]);
  });

  it("reads back what was kept, and nothing else", () => {
    expect(parseTicked('{"tables":["a",1],"paths":["b"]}')).toEqual({ tables: ["a"], paths: ["b"] });
    for (const text of [null, "", "[]", "{}", '{"tables":1,"paths":null}', "not JSON"])
      expect(parseTicked(text)).toEqual({ tables: [], paths: [] });
  });

  it("leads back through each folder on the way", () => {
    expect(crumbs("media/old pictures/2024")).toEqual([
      { name: "media", path: "media" },
      { name: "old pictures", path: "media/old pictures" },
      { name: "2024", path: "media/old pictures/2024" },
    ]);
    expect(crumbs("")).toEqual([]);
  });
});
