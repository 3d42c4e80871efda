import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scratchFolder } from "../support/trees.ts";
import { command } from "./command.ts";
import { demandEqual } from "./database.ts";
import { fingerprint } from "./folder.ts";
import { mediaFiles, onePercent, writeMedia } from "./media-tree.ts";

const { signal } = new AbortController();

it("counts the processor time of a whole pipeline, and fails when any part of it does", async () => {
  const busy = await command("yes | head -c 20000000 | wc -c", [], signal).catch((error: Error) => error.message);
  // The one whose reader has gone is ended by that: no part may fail.
  expect(busy).toContain("failed");
  const { cpuSeconds, seconds } = await command("head -c 60000000 /dev/zero | sha256sum", [], signal);
  expect(cpuSeconds).toBeGreaterThan(0.01);
  expect(seconds).toBeGreaterThan(0);
});

it("writes the same media again for the same version, and other files for the one percent of another", async () => {
  const [one, other] = [join(await scratchFolder(), "one"), join(await scratchFolder(), "other")];
  const files = mediaFiles(8);
  for (const folder of [one, other]) await writeMedia(folder, files, 0, signal);
  const original = await fingerprint(one, "microseconds");
  expect(Object.entries(original).filter(([path]) => files.some((file) => file.path === path))).toHaveLength(files.length);
  const again = async () => filesOnly(await fingerprint(other, "microseconds"));
  demandEqual(filesOnly(original), await again(), "the other");
  const changing = onePercent(files);
  await writeMedia(other, changing, 1, signal);
  const found = await again();
  expect(Object.keys(found).filter((path) => found[path] !== original[path])).toEqual(changing.map(({ path }) => path).sort());
  expect(() => demandEqual(filesOnly(original), found, "The other")).toThrow("The other is not equal to the original in 1 of");
});

const filesOnly = (all: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(all)
      .filter(([, is]) => !is.endsWith("folder"))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

it("sees a file that is there with other rights, another time or other content", async () => {
  const folder = await scratchFolder();
  const path = join(folder, "a/file");
  await mkdir(join(folder, "a"));
  await writeFile(path, "one");
  await utimes(path, 1000, 1000.25);
  const before = await fingerprint(folder, "microseconds");
  await utimes(path, 1000, 1000.5);
  expect((await fingerprint(folder, "microseconds"))["a/file"]).not.toBe(before["a/file"]);
  const seconds = await fingerprint(folder, "seconds");
  await utimes(path, 1000, 1000.75);
  expect((await fingerprint(folder, "seconds"))["a/file"]).toBe(seconds["a/file"]);
  await writeFile(path, "two");
  await utimes(path, 1000, 1000.75);
  expect((await fingerprint(folder, "seconds"))["a/file"]).not.toBe(seconds["a/file"]);
});
