import { describe, expect, it } from "vitest";
import { effortWords, losesSomething, modeSentence, planLines, spaceWords } from "../../client/lib/plan-words.ts";

const database = {
  name: "shop",
  exists: true,
  tablesReplaced: ["orders"],
  tablesAdded: [],
  tablesRemoved: ["newer"],
  tablesKept: [],
  definitionsRemoved: ["view: late"],
  definitionsAdded: 2,
  currentRowsEstimate: 12,
  currentBytes: 4000,
};
const folder = { path: "/srv/media", exists: true, filesReplaced: 3, filesAdded: 1, filesRemoved: 0, filesKept: 9, bytes: 100 };
const plan = {
  bytes: 2e9,
  expectedSeconds: 120,
  spaceNeeded: 2.4e9,
  spaceFree: 80e9,
  mode: "REPLACE",
  database,
  media: [folder],
  notes: [],
  problems: [],
} as const;
type Plan = Parameters<typeof planLines>[0];
const of = (change: Partial<Plan>): Plan => ({ ...plan, database: { ...database }, media: [folder], notes: [], problems: [], ...change });

describe("the plan of a restore", () => {
  it("says what is replaced, added, removed and kept, and leaves out what there is nothing of", () => {
    expect(planLines(of({})).map(({ term, summary }) => `${term}: ${summary}`)).toEqual([
      "Replaced: 1 table of shop, which holds about 12 rows and 4.00 kB now",
      "Replaced: 1 view, trigger, routine or event, by the 2 of the backup",
      "Replaced: 3 files of /srv/media, taken from the backup",
      "Added: 1 file of /srv/media, not there now",
      "Removed: 1 table, not in the backup",
      "Kept: 9 files of /srv/media, as now",
    ]);
  });

  it.each([
    [["view: late"], 0, "Removed: 1 view, trigger, routine or event of the target"],
    [["view: late"], null, "Removed: 1 view, trigger, routine or event of the target"],
    [[], 2, "Added: 2 views, triggers, routines and events of the backup"],
  ])("says of definitions %j that go and %s that come: %s", (definitionsRemoved, definitionsAdded, line) => {
    const none = { ...database, tablesReplaced: [], tablesRemoved: [] };
    const lines = planLines(of({ database: { ...none, definitionsRemoved, definitionsAdded }, media: [] }));
    expect(lines.map(({ term, summary }) => `${term}: ${summary}`)).toEqual([line]);
  });

  it.each([
    ["REPLACE", "Replaced: The media folder, with everything in it"],
    ["OVERWRITE", "Replaced: Files of /srv/media that come again; how many is not known beforehand"],
    ["PRESERVE", "Added: Files that /srv/media lacks now; how many is not known beforehand"],
  ] as const)("says of files that nobody has listed only what becomes of them: %s", (mode, line) => {
    const unknown = { ...folder, filesReplaced: null, filesAdded: null, filesRemoved: null, filesKept: null, bytes: null };
    const [only, ...more] = planLines(of({ database: null, media: [unknown], mode }));
    expect([`${only?.term}: ${only?.summary}`, more]).toEqual([line, []]);
  });

  it("asks for the name only where something that is there now goes", () => {
    const adding = { ...database, tablesReplaced: [], tablesRemoved: [], definitionsRemoved: [], tablesAdded: ["orders"] };
    const kept = { ...folder, filesReplaced: 0 };
    expect(losesSomething(of({}))).toBe(true);
    expect(losesSomething(of({ database: adding, media: [kept] }))).toBe(false);
    expect(losesSomething(of({ database: adding, media: [{ ...kept, filesRemoved: 1 }] }))).toBe(true);
    expect(losesSomething(of({ database: { ...adding, tablesReplaced: ["orders"] }, media: [] }))).toBe(true);
    expect(losesSomething(of({ database: adding, media: [{ ...kept, filesReplaced: 1 }] }))).toBe(true);
    expect(losesSomething(of({ database: { ...adding, definitionsRemoved: ["view: late"] }, media: [] }))).toBe(true);
  });

  it("names time and space, and says where they are not known", () => {
    expect([effortWords(of({})), spaceWords(of({}))]).toEqual([
      "Writes 2.00 GB; takes about 2 minutes",
      "Needs 2.40 GB for a while beside what is there; 80.0 GB are free",
    ]);
    expect(effortWords(of({ expectedSeconds: null }))).toMatch(/not known/);
    expect(spaceWords(of({ spaceFree: null }))).toMatch(/cannot be known/);
    expect(spaceWords(of({ spaceNeeded: null }))).toMatch(/^How much space/);
    expect(spaceWords(of({ spaceNeeded: 0 }))).toBe("Needs no space beside what is there");
  });

  it("promises in each mode only what it does", () => {
    expect(modeSentence("REPLACE", "03:00 today", false)).toBe(
      "becomes what it was at 03:00 today. Whatever was changed since is gone from it.",
    );
    expect(modeSentence("REPLACE", "03:00 today", true)).not.toMatch(/is gone/);
    expect(modeSentence("PRESERVE", "", false)).toBe("gets back what is missing of the files. Nothing that is there now is changed.");
  });
});
