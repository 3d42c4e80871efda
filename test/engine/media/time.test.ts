import { execFileSync } from "node:child_process";
import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stageMedia } from "../../../server/engine/media/stage.ts";
import { finishMedia, swapMedia } from "../../../server/engine/media/swap.ts";
import { microsecondsOf, paxSeconds } from "../../../server/engine/media/time.ts";
import { loadOf, packed } from "../../support/media.ts";
import { dir, makeTree, scratchFolder } from "../../support/trees.ts";

describe("a time is kept to the microsecond", () => {
  it.each([
    [0n, 0, "0.000000"],
    [999n, 0, "0.000000"],
    [1_700_000_000_000_001_999n, 1_700_000_000_000_001, "1700000000.000001"],
    [-1n, -1, "-0.000001"],
    [-14_182_939_500_000_000n, -14_182_939_500_000, "-14182939.500000"],
  ])("%s nanoseconds", (nanoseconds, microseconds, text) => {
    expect(microsecondsOf(nanoseconds)).toBe(microseconds);
    expect(paxSeconds(microseconds)).toBe(text);
  });

  it("from a folder to its archive and back, whatever the fraction, also before 1970", async () => {
    const fractions = [
      "0",
      "000001",
      "000499",
      "0005",
      "123456",
      "2894999",
      "289500",
      "499999",
      "5",
      "999",
      "999999",
      "9999995",
      "999999999",
    ];
    const seconds = [1_000_000_000, 1_709_294_096, 1_999_999_999, 7, -7, -14_182_940];
    const times = seconds.flatMap((second) =>
      fractions.map((fraction) => ({ name: `${second} and ${fraction}`, time: `@${second}.${fraction}` })),
    );
    const top = await scratchFolder();
    const root = await makeTree(join(top, "m"), { "a folder/": dir(), ...Object.fromEntries(times.map(({ name }) => [name, ""])) });
    for (const { name, time } of times) execFileSync("touch", ["-d", time, "--", join(root, name)]);
    execFileSync("touch", ["-d", "@1700000000.289500", "--", join(root, "a folder")]);
    const timesOf = () =>
      Promise.all(["a folder", ...times.map(({ name }) => name)].map(async (name) => [name, await timeOf(join(root, name))] as const));
    const wanted = await timesOf();
    const { bytes, summary } = await packed([root]);
    await rm(root, { recursive: true });
    const plan = await stageMedia(loadOf(bytes, summary, summary.roots));
    await swapMedia(plan);
    await finishMedia(plan);
    expect(await timesOf()).toEqual(wanted);
  });
});

const timeOf = async (path: string) => microsecondsOf((await lstat(path, { bigint: true })).mtimeNs);
