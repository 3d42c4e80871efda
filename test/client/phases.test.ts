import { describe, expect, it } from "vitest";
import { presentStep, type Stepped, stepOf, stepsOf } from "../../client/lib/phases.ts";
import { afterwards, restoreTruth, resultCounts, resultDefinitions } from "../../client/lib/restore-words.ts";

it.each([
  [{ kind: "BACKUP", type: "FULL" }, "Preparing Database Media Storing Finished"],
  [{ kind: "BACKUP", type: "MEDIA" }, "Preparing Media Storing Finished"],
  [{ kind: "RESTORE", type: "DATABASE", staged: true, safety: true }, "Checking Safety backup Database Switching Finished"],
  [{ kind: "RESTORE", type: "FULL", staged: false, safety: false }, "Checking Database Media Finished"],
  [{ kind: "VERIFICATION", type: "FULL", drill: true }, "Preparing Database Comparing Media Finished"],
  [{ kind: "COPY", type: "FULL" }, "Preparing Copying Finished"],
  [{ kind: "VERIFICATION", type: "FULL" }, "Preparing Reading the bytes Finished"],
] as [Stepped, string][])("the steps of %j", (operation, words) => {
  expect(
    stepsOf(operation)
      .map(({ word }) => word)
      .join(" "),
  ).toBe(words);
});

it("says of a copy that it copies, and of a backup that it stores", () => {
  const storing = { phase: "STORING", currentItem: "database.sql.zst" } as const;
  expect([presentStep({ kind: "COPY", ...storing }), presentStep({ kind: "BACKUP", ...storing })]).toEqual(["Copying", "Storing"]);
});

it("goes through the steps of a restore without ever stepping back", () => {
  const reports = [
    ["PREPARING", null],
    ["VERIFYING", "database.sql.zst"],
    ["PREPARING", "pre-restore backup"],
    ["DATABASE", "orders"],
    ["MEDIA", "a.jpg"],
    ["SWITCHING", null],
    ["FINISHING", null],
  ] as const;
  const order = stepsOf({ kind: "RESTORE", type: "FULL", staged: true, safety: true }).map(({ key }) => key);
  const passed = reports.map(([phase, currentItem]) => order.indexOf(stepOf({ kind: "RESTORE", phase, currentItem })));
  expect(passed).toEqual([0, 0, 1, 2, 3, 4, 5]);
});

describe("a restore tells what is true", () => {
  const running = { status: "RUNNING", staged: true, type: "FULL", target: { name: "Shop" } } as const;

  it.each(["check", "safety", "database", "media"] as const)("that the target is untouched while staged, at %s", (step) => {
    expect(restoreTruth(running, step)).toMatch(/^Shop is untouched and still running\. /);
  });

  it("that the target is incomplete while it is written in place", () => {
    expect(restoreTruth({ ...running, staged: false }, "database")).toContain("incomplete until this ends");
    expect(restoreTruth({ ...running, staged: false }, "safety")).toContain("untouched");
  });

  it("that nothing was switched when it failed", () => {
    expect(afterwards({ ...running, status: "FAILED" })).toBe("Shop is as it was before: nothing was switched.");
    expect(afterwards({ ...running, status: "CANCELLED" })).toBe("Shop is as it was before.");
  });
});

describe("the numbers of a restore", () => {
  const result = {
    tables: 42,
    rows: 1_204_551,
    views: 3,
    triggers: 0,
    routines: 1,
    events: 0,
    files: 9604,
    directories: 9,
    switchSeconds: 0.8,
  };

  it("are those of the parts that it restored", () => {
    expect(resultCounts(result, "FULL")).toBe("42 tables, 1,204,551 rows, 9,604 files");
    expect(resultCounts(result, "MEDIA")).toBe("9,604 files");
    expect(resultDefinitions(result)).toBe("3 views, 1 routine");
    expect(resultDefinitions({ ...result, views: 0, routines: 0 })).toBeNull();
  });
});
