import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { exportMedia } from "../../../server/engine/media/export.ts";
import { archiveOf, still } from "../../support/media.ts";
import { dir, link, makeTree, readTree, scratchFolder } from "../../support/trees.ts";

const tree = { "a.txt": "a", "größe/x": "x", "empty/": dir(), "large.bin": randomBytes(3_000_000), "to a": link("a.txt") };

it.each(["TAR", "ZIP"] as const)("media leave as one %s that stock programs open", async (format) => {
  const root = await makeTree(join(await scratchFolder(), "m"), tree);
  const { content } = await archiveOf([root]);
  const { signal } = still();
  const bytes = await buffer(exportMedia(content.entries(null, signal), format, signal));
  const out = join(await scratchFolder(), "out");
  await mkdir(out);
  const file = join(out, "../export");
  await writeFile(file, bytes);
  const zip =
    "import sys,zipfile; [open(sys.argv[2]+'/'+i.filename.replace('/','|'),'wb').write(zipfile.ZipFile(sys.argv[1]).read(i)) for i in zipfile.ZipFile(sys.argv[1]).infolist() if not i.is_dir()]";
  if (format === "TAR") {
    execFileSync("tar", ["-xpf", file, "-C", out]);
    const texts = (all: Awaited<ReturnType<typeof readTree>>) => Object.entries(all).map(([path, { kind, is }]) => [path, kind, is]);
    expect(texts(await readTree(join(out, "m")))).toEqual(texts(await readTree(root)));
  } else {
    execFileSync("python3", ["-c", zip, file, out]);
    const found = Object.fromEntries(Object.entries(await readTree(out)).map(([path, { is }]) => [path.replaceAll("|", "/"), is]));
    const was = await readTree(root);
    for (const path of ["a.txt", "größe/x", "large.bin"]) expect(found[`m/${path}`], path).toBe(was[path]?.is);
  }
});

it("fails before its end when what it is made of is damaged", async () => {
  const root = await makeTree(join(await scratchFolder(), "m"), tree);
  const { content, storage, bytes } = await archiveOf([root]);
  for (const [name, stored] of storage.files) if (stored === bytes) storage.files.set(name, bytes.subarray(0, bytes.length - 9));
  const { signal } = still();
  await expect(buffer(exportMedia(content.entries(null, signal), "TAR", signal))).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
});
