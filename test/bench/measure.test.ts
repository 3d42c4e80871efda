import { expect, it } from "vitest";
import { type Contender, interleave, median } from "./measure.ts";
import { processorLimit } from "./races.ts";

it("runs the contenders in turn, every second round backwards, and keeps each one's samples apart", async () => {
  const order: string[] = [];
  const contender = (name: string, seconds: readonly number[]): Contender => {
    const left = [...seconds];
    return {
      name,
      run: async () => {
        order.push(name);
        return { seconds: left.shift() ?? 0, storedBytes: 1, cpuSeconds: 1 };
      },
    };
  };
  const both = [contender("a", [5, 1, 3]), contender("b", [2, 4, 9])];
  const [a, b] = await interleave(both, 3, new AbortController().signal, () => {});
  expect(order.join("")).toBe("abbaab");
  expect([a?.median, a?.min, a?.max]).toEqual([3, 1, 5]);
  expect([b?.median, b?.min, b?.max]).toEqual([4, 2, 9]);
});

it("stops between two samples when it is interrupted", async () => {
  const interrupted = new AbortController();
  const one: Contender = {
    name: "one",
    run: async () => {
      interrupted.abort();
      return { seconds: 1, storedBytes: 1, cpuSeconds: 1 };
    },
  };
  await expect(interleave([one], 5, interrupted.signal, () => {})).rejects.toThrow("aborted");
});

it.each([
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[7], 7],
  [[], Number.NaN],
])("takes the median of %j as %d", (values, expected) => {
  expect(median(values)).toBe(expected);
});

it("tells what the processors alone allow, the database's server included", () => {
  const samples = [3, 1, 2].map((cpuSeconds) => ({ seconds: 9, storedBytes: 0, cpuSeconds, extra: { serverSeconds: 4 } }));
  const figures = [{ name: "ours", samples, median: 9, min: 9, max: 9 }];
  expect(processorLimit(figures, "ours", 4)).toEqual([
    "ours: 6.0 s of processor time, the database's server included, take 4 processors 1.50 s at least.",
  ]);
  expect(processorLimit(figures, "another", 4)).toEqual([]);
});
