import { describe, expect, it } from "vitest";
import {
  begunWith,
  bySeverity,
  formatWord,
  offeredCollations,
  placeOf,
  rateOf,
  rewritesOf,
  sendingFacts,
} from "../../client/lib/upload-words.ts";

const finding = { reason: "X", severity: "NOTE", message: "m", hint: null, line: null, entry: null, rewrite: null } as const;

describe("the findings of an upload", () => {
  it("come by how grave they are, in their order, without empty groups", () => {
    const groups = bySeverity([
      { ...finding, message: "a" },
      { ...finding, severity: "REFUSED", message: "b" },
      { ...finding, message: "c" },
    ]);
    expect(groups.map(({ severity, findings }) => [severity, ...findings.map(({ message }) => message)])).toEqual([
      ["REFUSED", "b"],
      ["NOTE", "a", "c"],
    ]);
  });

  it("name their line or their entry", () => {
    const place = (line: number | null, entry: string | null, message = "It is wrong") => placeOf({ line, entry, message });
    expect([place(4120, null), place(null, "../x"), place(0, "dump.sql"), place(null, null)]).toEqual([
      "line 4,120",
      "../x",
      "line 0",
      null,
    ]);
    expect([
      place(2, null, "Line 2: it is wrong"),
      place(2, null, "Line 20: it is wrong"),
      place(null, "../x", "“../x” leads out"),
    ]).toEqual([null, "line 2", null]);
  });

  it("offer each collation once, with what the hint proposes or else one that all know", () => {
    const unknown = { ...finding, rewrite: "MAP_COLLATION" } as const;
    expect(
      offeredCollations([
        {
          ...unknown,
          message: "The dump uses the collation utf8mb4_0900_ai_ci, which only MySQL 8 know.",
          hint: "Map it to utf8mb4_uca1400_ai_ci.",
        },
        { ...unknown, message: "Again utf8mb4_0900_ai_ci here", hint: "Map it to utf8mb4_uca1400_ai_ci." },
        { ...unknown, message: "The dump uses the collation utf8mb4_0900_as_cs", hint: null },
        { ...finding, message: "latin1_swedish_ci is not offered" },
      ]),
    ).toEqual([
      { from: "utf8mb4_0900_ai_ci", to: "utf8mb4_uca1400_ai_ci" },
      { from: "utf8mb4_0900_as_cs", to: "utf8mb4_unicode_ci" },
    ]);
  });

  it("become rewrites only where one is wanted", () => {
    expect(rewritesOf(false, [])).toBeNull();
    expect(rewritesOf(false, [{ from: "a_ci", to: " " }])).toBeNull();
    expect(rewritesOf(true, [{ from: "a_ci", to: " b_ci " }])).toEqual({ stripDefiner: true, collations: [{ from: "a_ci", to: "b_ci" }] });
  });
});

it.each([
  ["sql", "SQL dump"],
  ["sql.zst", "SQL dump, zstd"],
  ["tar.gz", "tar archive, gzip"],
  ["zip", "ZIP archive"],
  ["holdfast", "backup of Holdfast"],
  ["something", "something"],
])("calls %s a %s", (format, words) => {
  expect(formatWord(format)).toBe(words);
});

describe("a file on its way", () => {
  it("has the rate of its last seconds, and none before it is known", () => {
    expect(rateOf([])).toBeNull();
    expect(rateOf([{ at: 0, sent: 5 }])).toBeNull();
    expect(
      rateOf([
        { at: 0, sent: 0 },
        { at: 4000, sent: 4_000_000 },
        { at: 8000, sent: 12_000_000 },
      ]),
    ).toBe(2_000_000);
  });

  it("says how much is sent, how fast and how long it takes yet", () => {
    expect(sendingFacts({ sent: 312_000_000, size: 1_118_000_000, rate: 62_000_000 })).toEqual({
      amount: "312 MB of 1.12 GB",
      rate: "62.0 MB/s",
      remaining: "about 13 s left",
    });
    expect(sendingFacts({ sent: 0, size: 10, rate: 0 }).remaining).toBeNull();
  });

  const begun = { id: "u", filename: "a.sql", size: 10, complete: false, state: "RECEIVING" } as const;
  it.each([
    ["the same file", begun, { name: "a.sql", size: 10 }, false, "u"],
    ["another size", begun, { name: "a.sql", size: 11 }, false, undefined],
    ["another name", begun, { name: "b.sql", size: 10 }, false, undefined],
    ["a file that is remembered as another", begun, { name: "a.sql", size: 10 }, true, undefined],
    ["an upload that is whole", { ...begun, complete: true, state: "READY" }, { name: "a.sql", size: 10 }, false, undefined],
  ] as const)("goes on with what was begun: %s", (_, upload, file, isOther, id) => {
    expect(begunWith([upload], file, () => isOther)?.id).toBe(id);
  });
});
