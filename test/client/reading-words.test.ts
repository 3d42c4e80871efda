import { describe, expect, it } from "vitest";
import { engineChoices, engineWord, loadFacts, mediaChoices, storedWords } from "../../client/lib/reading-words.ts";
import { databaseEngines } from "../../shared/enums.ts";
import { describeLoad, describeLoadNow } from "../../shared/load-words.ts";

describe("what a backup asked of its source", () => {
  const load = { connections: 4, busiest: 6, average: 3.25, lockMilliseconds: 41.6, bytesPerSecond: 52_100_000 };
  const quiet = { connections: 1, busiest: null, average: null, lockMilliseconds: null, bytesPerSecond: 900 };

  it("is told with its figures", () => {
    expect(loadFacts(load)).toEqual([
      ["Connections", "4"],
      ["Read", "52.1 MB a second"],
      ["Statements at once", "6 at most, 3.3 on average"],
      ["Writers waited", "42 ms"],
    ]);
    expect(describeLoad(load)).toBe(
      "4 connections, 52.1 MB a second, at most 6 statements at once on the server, 3.3 on average, writers waited for 42 ms",
    );
  });

  it("is told of a server that had nothing to do, and while it lasts", () => {
    const idle = { ...load, busiest: 0, average: 0 };
    expect(describeLoad(idle)).toContain(", no statement ran on the server when it was asked, ");
    expect(loadFacts(idle)[2]).toEqual(["Statements at once", "None, when it was asked"]);
    expect(describeLoadNow({ statements: 12, perSecond: 1340.4 })).toBe("On the server now: 12 statements, 1,340 a second");
    expect(describeLoadNow({ statements: 0, perSecond: null })).toBe("On the server now: no statement");
  });

  it("leaves out what the server would not tell", () => {
    expect(loadFacts(quiet)).toEqual([
      ["Connections", "1"],
      ["Read", "900 bytes a second"],
      ["Writers waited", "Not at all"],
    ]);
    expect(describeLoad(quiet)).toBe("1 connection, 900 bytes a second, nothing was locked");
    expect(loadFacts({ ...quiet, lockMilliseconds: 0.2 }).at(-1)).toEqual(["Writers waited", "less than 1 ms"]);
    expect(loadFacts({ ...quiet, lockMilliseconds: 1540 }).at(-1)).toEqual(["Writers waited", "1.5 s"]);
  });
});

describe("how a database is read", () => {
  it("is chosen among all ways, or left to the source, whose way is named", () => {
    expect(engineChoices("PARALLEL").map(({ value }) => value)).toEqual(["", "AUTO", "PARALLEL", "MYSQLDUMP"]);
    expect(engineChoices("PARALLEL")[0]?.label).toBe("As the source says, now by several connections");
    expect(engineChoices(undefined)[0]?.label).toBe("As the source says");
    expect(mediaChoices("INCREMENTAL").map(({ label }) => label)).toEqual([
      "As the source says, now incrementally",
      "One archive for each backup",
      "In each backup only what is new",
    ]);
    expect(databaseEngines.map(engineWord)).toEqual(["Chosen by itself", "By the dump program", "By several connections"]);
  });
});

describe("what a backup takes", () => {
  it("is all that it needs, and what of that is new where it shares the rest", () => {
    expect(storedWords(1_200_000_000, null)).toBe("1.20 GB");
    expect(storedWords(1_200_000_000, 30_000_000)).toBe("1.20 GB, of which 30.0 MB new");
  });
});
