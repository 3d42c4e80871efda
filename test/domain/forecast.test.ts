import { describe, expect, it } from "vitest";
import { forecastBytes, keptFree, type PastPart, shortageOf } from "../../server/domain/forecast.ts";

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
const past = (size: number, storedSize: number, more: Partial<PastPart> = {}): PastPart => ({
  ...{ part: "database", compression: "ZSTD", size, storedSize, shared: null },
  ...more,
});
const database = (measured: number | null) => [{ part: "database", compression: "ZSTD", measured } as const];

const changed = (size: number, addedSize: number, builds = true) =>
  past(size * mebibyte, 1, { part: "media", shared: { addedSize: addedSize * mebibyte, builds } });

describe("what the next backup will take", () => {
  it.each<[string, readonly PastPart[], number]>([
    ["what changed most of late, and half as much again", [changed(1000, 20), changed(1000, 40), changed(1000, 10)], 60],
    ["what came in addition, too", [changed(900, 20)], 130],
    ["a tenth of all where only a first one is known", [changed(1000, 700, false)], 100],
  ])("of an incremental one that builds on another is %s", (_, earlier, expected) => {
    const coming = [{ part: "media", compression: "ZSTD", measured: 1000 * mebibyte, builds: true }] as const;
    const bytes = forecastBytes(coming, earlier) ?? 0;
    expect(Math.round((bytes - mebibyte) / 1.05 / mebibyte)).toBe(expected);
    const [part] = coming;
    expect(forecastBytes([{ ...part, builds: false }], earlier)).toBe(Math.ceil(1000 * mebibyte * 1.05) + mebibyte);
  });

  it.each<[string, number | null, readonly PastPart[], number | null]>([
    ["is what is measured, stored as the last one like it was", 2000 * mebibyte, [past(1000, 100), past(1000, 900)], 200 * mebibyte],
    [
      "is the last one and its usual growth, where nothing can be measured",
      null,
      [120, 110, 40, 30, 20].map((n) => past(n, n * mebibyte)),
      130 * mebibyte,
    ],
    ["does not shrink by habit", null, [past(1, 50 * mebibyte), past(1, 80 * mebibyte)], 50 * mebibyte],
    ["is told from the usual ratio for a first one", 1000 * mebibyte, [], 350 * mebibyte],
    [
      "does not go by another part or another compression",
      1000 * mebibyte,
      [past(100, 1, { part: "media" }), past(100, 1, { compression: "GZIP" })],
      350 * mebibyte,
    ],
    ["is not known of what was neither measured nor stored before", null, [], null],
  ])("%s", (_, measured, earlier, expected) => {
    const bytes = forecastBytes(database(measured), earlier);
    expect(bytes).toBe(expected === null ? null : Math.ceil(expected * 1.05) + mebibyte);
  });
});

describe("a storage", () => {
  it("keeps 5 % free, and never more than 1 GiB", () => {
    expect([keptFree(100, 1000), keptFree(5000 * gibibyte, 10_000 * gibibyte), keptFree(1000, null)]).toEqual([50, gibibyte, 50]);
  });

  it.each([
    ["has room", 900, 1000, 2000, null],
    ["has too little beside what is kept free", 901, 1000, 2000, { needed: 901, free: 1000, keptFree: 100 }],
    ["is full already, whatever is needed", null, 50, 2000, { needed: 0, free: 50, keptFree: 100 }],
    ["does not tell", 900, null, null, null],
  ])("that %s", (_, needed, free, total, shortage) => {
    expect(shortageOf(needed, free, total)).toEqual(shortage);
  });
});
