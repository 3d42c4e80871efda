import { describe, expect, it } from "vitest";
import {
  attentionWords,
  type Check,
  checkKey,
  healthSentence,
  lookedWords,
  placeOf,
  placeWords,
  worstFirst,
} from "../../client/lib/health-words.ts";

const check: Check = {
  check: "storage.reach",
  severity: "GOOD",
  subject: "Storage Offsite",
  subjectId: "7",
  message: "It can be written and read",
  hint: null,
  place: "/storages/7",
  command: null,
};
const of = (...severities: Check["severity"][]) => severities.map((severity) => ({ ...check, severity }));

describe("the health of the whole in words", () => {
  it.each([
    [of("GOOD", "NOTE"), null, "All is well."],
    [of("GOOD", "WARNING"), "1 thing needs attention", "1 thing needs attention."],
    [of("ERROR", "NOTE", "WARNING"), "2 things need attention", "2 things need attention."],
  ])("counts what somebody has to do something about, and not what is only worth knowing", (checks, words, sentence) => {
    expect([attentionWords(checks), healthSentence(checks)]).toEqual([words, sentence]);
  });

  it("puts the worst first and leaves out what nothing was found of", () => {
    expect(worstFirst(of("GOOD", "NOTE", "ERROR", "GOOD")).map(({ severity, checks }) => [severity, checks.length])).toEqual([
      ["ERROR", 1],
      ["NOTE", 1],
      ["GOOD", 2],
    ]);
  });

  it("says how much was looked at", () => {
    expect([lookedWords(of("GOOD")), lookedWords(of("GOOD", "NOTE"))]).toEqual(["1 thing was looked at", "2 things were looked at"]);
  });

  it("names the place that its link leads to", () => {
    expect(["/storages/7", "/settings#encryption", "/schedules/new", "/elsewhere"].map(placeWords)).toEqual([
      "Open the storage",
      "Open the settings",
      "Make a schedule",
      "Open the place",
    ]);
  });

  it("leads to the keys for what is wrong with the key", () => {
    const place = "/settings";
    expect([placeOf({ check: "key.kit", place }), placeOf({ check: "tools.dump", place })]).toEqual(["/settings#encryption", "/settings"]);
  });

  it("tells the same check of two subjects apart", () => {
    expect(checkKey(check)).not.toBe(checkKey({ ...check, subjectId: "8" }));
    expect(checkKey({ ...check, subjectId: null })).not.toBe(checkKey({ ...check, subjectId: null, subject: "Storage Near" }));
  });
});
