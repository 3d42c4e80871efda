import { describe, expect, it } from "vitest";
import type { CopyPartsFragment } from "../../client/graphql/generated.ts";
import { copiesMark, copyLook, isReadFirst, isRepairable, placesWords, removalFault } from "../../client/lib/copy-words.ts";

const copy = (name: string, state: CopyPartsFragment["state"]): CopyPartsFragment => ({
  storage: { id: name, name, kind: "LOCAL" },
  state,
  problem: null,
  retryAt: null,
  storedAt: null,
  primary: false,
});
const stored = (...names: string[]) => names.map((name) => copy(name, "STORED"));

describe("where a backup lies", () => {
  it.each([
    [stored("Near"), "Near"],
    [stored("Near", "Offsite"), "Near and Offsite"],
    [stored("Near", "Offsite", "Attic"), "Near, Offsite and Attic"],
    [stored("Near", "Offsite", "Attic", "Cellar"), "Near, Offsite and 2 more"],
    [[...stored("Near"), copy("Offsite", "WAITING")], "Near"],
    [[copy("Near", "WAITING")], "nowhere yet"],
  ])("names the storages that hold it", (copies, words) => {
    expect(placesWords(copies, "nowhere yet")).toBe(words);
  });

  it("marks in a list what lies on several, and what is still owed", () => {
    expect(copiesMark(stored("Near"))).toBeNull();
    expect(copiesMark(stored("Near", "Offsite"))).toEqual({ count: 2, words: "on 2 storages", lacking: false });
    expect(copiesMark([...stored("Near"), copy("Offsite", "FAILED")])).toEqual({ count: 1, words: "on 1 storage of 2", lacking: true });
  });

  it("does not show one that was found damaged as good", () => {
    expect(copyLook(copy("Near", "STORED")).shape).toBe("ring");
    expect(copyLook({ ...copy("Near", "STORED"), problem: "A byte changed" })).toMatchObject({ shape: "broken", tone: "text-bad" });
  });

  it("does not let the last one go that way", () => {
    const [near] = stored("Near");
    const owed = copy("Offsite", "WAITING");
    expect(near && removalFault([near, owed], near)).toMatch(/no other good one/);
    expect(near && removalFault([near, owed], owed)).toBeNull();
    expect(near && removalFault([near, ...stored("Offsite")], near)).toBeNull();
    expect(near && removalFault([near, { ...copy("Offsite", "STORED"), problem: "It is damaged." }], near)).toMatch(/no other good one/);
  });

  it("is read first from the primary, or where that is damaged from a good one; with one storage nothing is said", () => {
    const [near, far] = [{ ...copy("Near", "STORED"), primary: true }, copy("Far", "STORED")];
    const firstOf = (...copies: CopyPartsFragment[]) => copies.filter((one) => isReadFirst(copies, one)).map(({ storage }) => storage.name);
    expect(firstOf(far, near)).toEqual(["Near"]);
    const damaged = { ...near, problem: "It is damaged." };
    expect(firstOf(far, damaged)).toEqual(["Far"]);
    expect(firstOf({ ...far, problem: "It is damaged, too." }, damaged)).toEqual(["Near"]);
    expect(firstOf({ ...copy("Far", "WAITING") }, near)).toEqual(["Near"]);
    expect(firstOf(near)).toEqual([]);
  });

  it("can be repaired where it is damaged and another is good", () => {
    const [near] = stored("Near");
    const damaged = { ...copy("Offsite", "STORED"), problem: "It is damaged." };
    expect(near && [isRepairable([near, damaged], damaged), isRepairable([near, damaged], near)]).toEqual([true, false]);
    expect(near && isRepairable([{ ...near, problem: "It is damaged, too." }, damaged], damaged)).toBe(false);
    const failed = { ...copy("Offsite", "FAILED"), problem: "The storage is full." };
    expect(near && isRepairable([near, failed], failed)).toBe(false);
  });
});
