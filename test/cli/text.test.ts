import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import { pageSize } from "../../server/cli/options.ts";
import { fitted, table } from "../../server/cli/output.ts";
import { stateOf } from "../../server/cli/progress.ts";
import type { BackupId } from "../../server/domain/ids.ts";
import { initialProgress } from "../../server/domain/progress.ts";

describe("a table", () => {
  it("keeps its columns straight with wide letters and marks, and each row on one line", () => {
    const rows = [
      ["東京", "1"],
      ["e\u0301", "2"],
      ["two\nlines \u001b[31m", "3"],
      ["🦀🦀🦀", "4"],
    ];
    expect(table(["NAME", "N"], rows)).toBe(
      ["NAME             N", "東京             1", "e\u0301                2", "two\ufffdlines \ufffd[31m  3", "🦀🦀🦀           4"].join(
        "\n",
      ),
    );
  });
});

describe("a text that is too long", () => {
  it.each([
    ["abcdef", 6, "abcdef"],
    ["abcdefg", 6, "abcde…"],
    ["東京東京", 6, "東京…"],
    ["👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 4, "👩‍👩‍👧…"],
  ])("is cut between letters: %s in %i columns", (text, columns, shown) => {
    expect(fitted(text, columns)).toBe(shown);
  });
});

describe("the words behind the bar", () => {
  const first = initialProgress("1" as BackupId, "BACKUP", "RUNNING", new Date(0));
  it("say what is known and nothing else", () => {
    expect(stateOf(first)).toBe("preparing");
    expect(stateOf({ ...first, phase: "MEDIA", bytesProcessed: 1200 })).toBe("media  1.20 kB");
    const known = { ...first, bytesProcessed: 1_000_000, bytesExpected: 4_000_000, bytesPerSecond: 500_000, etaSeconds: 6 };
    expect(stateOf({ ...known, phase: "DATABASE", currentItem: "orders\nof 東京" })).toBe(
      "database  1.00 MB of about 4.00 MB  500 kB/s  about 6 s left  orders\ufffdof 東京",
    );
  });
});

describe("a page's size", () => {
  it("is a whole number from 1 to 200", () => {
    expect(["1", "50", "200"].map(pageSize)).toEqual([1, 50, 200]);
    for (const wrong of ["0", "201", "-1", "1.5", "1e2", "x", "", "0x10"]) expect(() => pageSize(wrong)).toThrow(InvalidArgumentError);
  });
});
