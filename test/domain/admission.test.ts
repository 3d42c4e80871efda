import { describe, expect, it } from "vitest";
import { type Contender, nextToBegin, type Places } from "../../server/domain/admission.ts";
import type { OperationId, SourceId } from "../../server/domain/ids.ts";
import type { OperationKind } from "../../shared/enums.ts";

const kinds: Readonly<Record<string, OperationKind>> = { b: "BACKUP", r: "RESTORE", v: "VERIFICATION" };

/** "b shop 1" is the first backup of the source shop. */
const contender = (text: string): Contender => {
  const [kind, source] = text.split(" ");
  return { id: text as OperationId, kind: kinds[kind ?? ""] ?? "BACKUP", source: source as SourceId };
};
const chosen = (waiting: string[], running: string[], places: Places, turns: Record<string, number> = {}) =>
  nextToBegin(waiting.map(contender), running.map(contender), new Map(Object.entries(turns)) as Map<SourceId, number>, places).map(
    ({ id }) => id,
  );

describe("what may begin next", () => {
  it.each([
    ["is as many as there are places", ["b a 1", "b b 1", "b c 1"], [], { total: 2, perSource: 1 }, ["b a 1", "b b 1"]],
    ["is nothing while all places are taken", ["b a 1"], ["b b 1", "b c 1"], { total: 2, perSource: 1 }, []],
    ["is nothing where the limit was lowered meanwhile", ["b a 1"], ["b b 1", "b c 1", "b d 1"], { total: 2, perSource: 1 }, []],
    ["is one at a time of a source", ["b a 1", "b a 2", "b b 1"], [], { total: 3, perSource: 1 }, ["b a 1", "b b 1"]],
    ["is not a restore into a source that is being backed up", ["r a 1", "b b 1"], ["b a 1"], { total: 3, perSource: 1 }, ["b b 1"]],
    ["is a restore before all that is older", ["b a 1", "b b 1", "r c 1"], [], { total: 1, perSource: 1 }, ["r c 1"]],
    ["is a drill beside the backup of its source", ["v a 1", "b a 1"], [], { total: 2, perSource: 1 }, ["v a 1", "b a 1"]],
    [
      "is no drill beyond half of all places",
      ["v a 1", "v b 1", "v c 1", "b d 1"],
      [],
      { total: 4, perSource: 1 },
      ["v a 1", "v b 1", "b d 1"],
    ],
    ["is a drill where there is one place only", ["v a 1"], [], { total: 1, perSource: 1 }, ["v a 1"]],
    ["is of the source with fewer under way", ["b a 2", "b b 1"], ["b a 1"], { total: 2, perSource: 2 }, ["b b 1"]],
  ] satisfies [string, string[], string[], Places, string[]][])("%s", (_, waiting, running, places, expected) => {
    expect(chosen(waiting, running, places).sort()).toEqual(expected.sort());
  });

  it("comes from every source in its turn, also where one of them has most of the queue", () => {
    let waiting = [...Array.from({ length: 20 }, (_, index) => `b a ${index}`), "b b 0", "b b 1", "b c 0"];
    const turns: Record<string, number> = {};
    const order: string[] = [];
    while (waiting.length > 0) {
      const [next] = chosen(waiting, [], { total: 1, perSource: 1 }, turns);
      if (!next) throw new Error("Nothing may begin though a place is free.");
      order.push(next);
      turns[next.split(" ")[1] ?? ""] = order.length;
      waiting = waiting.filter((each) => each !== next);
    }
    expect(order.slice(0, 6)).toEqual(["b a 0", "b b 0", "b c 0", "b a 1", "b b 1", "b a 2"]);
    expect(order).toHaveLength(23);
  });
});
