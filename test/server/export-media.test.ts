import { execFileSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { command } from "../support/command.ts";
import { addSource, backUp, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { makeTree } from "../support/trees.ts";

let holdfast: Holdfast;
let folder: string;
let backupId: string;
beforeAll(async () => {
  [holdfast, folder] = [await startHoldfast(), await mkdtemp(join(tmpdir(), "holdfast-export-"))];
  const sourceId = await addSource(holdfast, "Letters", null, [
    await makeTree(join(folder, "letters"), { "a.txt": "a", "old/b.txt": "b" }),
  ]);
  ({ id: backupId } = await backUp(holdfast, { type: "MEDIA", sourceId, mediaMode: "INCREMENTAL", encrypt: true }));
});
afterAll(async () => {
  await holdfast[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const exported = (output: string, ...more: string[]) => command(holdfast.env, ["export-media", backupId, "--output", output, ...more]);

it("writes files of a backup into one archive for its owner alone, and leaves the backup free", async () => {
  const [tar, zip] = [join(folder, "all.tar"), join(folder, "some.zip")];
  expect(await exported(tar)).toMatchObject({ code: 0 });
  expect(execFileSync("tar", ["-xOf", tar, "letters/a.txt", "letters/old/b.txt"], { encoding: "utf8" })).toBe("ab");
  expect((await stat(tar)).mode & 0o777).toBe(0o600);
  expect(await exported(zip, "--path", "letters/old")).toMatchObject({ code: 0 });
  const names = "import sys,zipfile; print(','.join(sorted(zipfile.ZipFile(sys.argv[1]).namelist())))";
  expect(execFileSync("python3", ["-c", names, zip], { encoding: "utf8" }).trim()).toBe("letters/,letters/old/,letters/old/b.txt");
  const { backup, downloads } = await holdfast.graphql<{ backup: { downloading: boolean }; downloads: unknown[] }>(
    "query ($id: ID!) { backup(id: $id) { downloading } downloads(backupId: $id) { id } }",
    { id: backupId },
  );
  expect([backup.downloading, downloads]).toEqual([false, []]);
});

it("overwrites nothing, and knows its formats and the backup's paths", async () => {
  const there = join(folder, "letters/a.txt");
  expect(await exported(there)).toMatchObject({ code: 2, stderr: expect.stringContaining(".zip or .tar") });
  expect(await exported(join(folder, "all.tar"))).toMatchObject({ code: 2, stderr: expect.stringContaining("EEXIST") });
  const missing = join(folder, "none.tar");
  expect(await exported(missing, "--path", "letters/none")).toMatchObject({ code: 2, stderr: expect.stringContaining("letters/none") });
  await expect(stat(missing)).rejects.toThrow("ENOENT");
});
