import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../../server/engine/manifest.ts";
import { localStorage } from "../../../server/engine/storage/local.ts";
import { verifyChecksum } from "../../../server/engine/verify.ts";
import { makeTree, scratchFolder } from "../../support/trees.ts";

const run = promisify(execFile);
const script = resolve("test/support/full-storage-child.ts");
const mayMount = process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "true"]).status === 0;

/** What came of the backup, what was said of each storage, and all that lies in their folders. */
interface Answer {
  readonly end: string;
  readonly outcomes: readonly (readonly [name: string, code: string | null, message: string | null])[];
  readonly left: { readonly near: readonly string[]; readonly far: readonly string[] };
}

/** A backup of `bytes` bytes of media onto two local storages, of which the named ones are real disks with so little room. */
async function backUp(bytes: number, small: readonly string[], room: string): Promise<Answer & { readonly near: string }> {
  const folder = await scratchFolder();
  const media = await makeTree(join(folder, "media"), { "a.txt": "first file", "large.bin": randomBytes(bytes) });
  const [near, far, answer] = [join(folder, "near"), join(folder, "far"), join(folder, "answer.json")];
  for (const root of [near, far]) await mkdir(root);
  const mounts = small.map((name) => `mount -t tmpfs -o ${room} tmpfs "${join(folder, name)}"`).join("; ");
  const shell = `set -e; ${mounts}; printf kept > "${near}/kept"; printf kept > "${far}/kept"; exec "$0" "$@"`;
  await run("unshare", ["-m", "sh", "-c", shell, process.execPath, script, near, far, media, answer]);
  return { near, ...JSON.parse(await readFile(answer, "utf8")) };
}

const backup = "shop/backup";
const whole = ["kept", "shop", backup, ...["manifest.json", "media.index.zst", "media.tar.zst"].map((name) => `${backup}/${name}`)];
const full = (name: string) => [name, "STORAGE_FULL", expect.stringMatching(/ is full: .* of 8\.39 MB are free/)];

describe.runIf(mayMount)("a backup onto two disks", () => {
  it.each([
    ["fills up in the middle", 20_000_000, "size=8m"],
    // Seven names: the disk's own, two folders, the file that was there, two files of the backup, and what is just being written.
    ["takes no more names when only the manifest is missing", 3_000_000, "size=8m,nr_inodes=7"],
  ])(
    "is whole on the one when the other %s, and of that one it is said that it is full, and nothing stays there",
    async (_, bytes, room) => {
      const { near, end, outcomes, left } = await backUp(bytes, ["far"], room);
      expect({ end, outcomes }).toEqual({ end: "DONE", outcomes: [["Near", null, null], full("Far")] });
      expect(left).toEqual({ near: whole, far: ["kept"] });
      const storage = localStorage(near);
      const plan = { storage, folder: backup, manifest: await readManifest(storage, backup), now: () => new Date() };
      const work = { signal: new AbortController().signal, say: () => {}, report: () => {} };
      expect(await verifyChecksum(plan, work)).toMatchObject({ passed: true, problems: [] });
    },
  );

  it("lies on both while there is room for it", async () => {
    const { end, outcomes, left } = await backUp(3_000_000, ["far"], "size=8m");
    const both = ["Near", "Far"].map((name) => [name, null, null]);
    expect({ end, outcomes, left }).toEqual({ end: "DONE", outcomes: both, left: { near: whole, far: whole } });
  });

  it("fails as on a full storage when neither has room, and leaves nothing on either", async () => {
    const { end, outcomes, left } = await backUp(20_000_000, ["near", "far"], "size=8m");
    expect({ end, outcomes }).toEqual({ end: "STORAGE_FULL", outcomes: [full("Near"), full("Far")] });
    expect(left).toEqual({ near: ["kept"], far: ["kept"] });
  });
});
