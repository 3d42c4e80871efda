import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../../support/trees.ts";

const run = promisify(execFile);
const script = resolve("test/support/local-put.ts");
const mayMount = process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "true"]).status === 0;
const mayTrace = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]).status === 0;

interface Answer {
  readonly code: string | null;
  readonly message?: string;
  readonly hint?: string;
  /** What a listing shows afterwards, with sizes. */
  readonly left: Readonly<Record<string, number>>;
  /** What is in the file that was there before. */
  readonly kept: string | null;
  /** SHA-256 of what was put. */
  readonly sum?: string;
}
const file = "shop/backup/database.sql.zst";
const sumOf = (size: number) => createHash("sha256").update(Buffer.alloc(size, "some words")).digest("hex");
const untouched = { left: { kept: 4 }, kept: "kept" };

/** A storage that holds one file. */
async function storageFolder() {
  const folder = await scratchFolder();
  const root = join(folder, "storage");
  await mkdir(root);
  await writeFile(join(root, "kept"), "kept");
  return { root, answer: join(folder, "answer.json") };
}
const answered = async (path: string): Promise<Answer> => JSON.parse(await readFile(path, "utf8"));

describe.runIf(mayTrace)("a local storage whose disk fails", () => {
  /** Puts or gets while the calls of a file fail as told: what came of it, and all that lies in the folder then. */
  async function under(faults: readonly string[], what: "put" | "get" = "put", size = 3_000_000) {
    const { root, answer } = await storageFolder();
    const part = join(root, "shop/backup/.holdfast-0000000000000000.part");
    const inject = faults.flatMap((fault) => ["-e", `inject=${fault}`]);
    const calls = [...new Set(faults.map((fault) => fault.split(":")[0]))].join(",");
    const path = what === "put" ? part : join(root, "kept");
    await run(
      "strace",
      [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        path,
        "-e",
        `trace=${calls}`,
        ...inject,
        process.execPath,
        script,
        root,
        answer,
        what,
        String(size),
      ],
      {
        // strace counts the calls of each thread by itself.
        env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
      },
    );
    return { ...(await answered(answer)), files: await readdir(root, { recursive: true }) };
  }

  /** Of a small file there is one write; of this, two that go past the cache, and the rest. */
  const large = 9_000_000;
  it.each([
    ["pwrite64:error=ENOSPC:when=1", 3_000_000, "STORAGE_FULL", "is full"],
    ["pwrite64:error=EDQUOT:when=1", large, "STORAGE_FULL", "quota"],
    ["pwrite64:error=EIO:when=2", large, "STORAGE_UNAVAILABLE", "read or write error"],
    ["pwrite64:error=ENOSPC:when=3", large, "STORAGE_FULL", "is full"],
    ["pwrite64:error=EROFS:when=1", 3_000_000, "STORAGE_UNAVAILABLE", "read-only"],
    ["fsync:error=ENOSPC", 3_000_000, "STORAGE_FULL", "is full"],
    ["fsync:error=EIO", large, "STORAGE_UNAVAILABLE", "read or write error"],
    ["link,linkat:error=ENOSPC", 3_000_000, "STORAGE_FULL", "is full"],
    ["link,linkat:error=EIO", 3_000_000, "STORAGE_UNAVAILABLE", "read or write error"],
  ])(
    "leaves nothing of its file after %s (of %i bytes), says what is wrong, and touches no other file",
    async (fault, size, code, message) => {
      const end = await under([fault], "put", size);
      expect(end).toMatchObject({ code, message: expect.stringContaining(message), hint: expect.any(String), ...untouched });
      expect(end.files).toEqual(["kept"]);
    },
  );

  it("leaves nothing where there are no hard links and the rename fails, too", async () => {
    const end = await under(["link,linkat:error=EPERM", "rename,renameat,renameat2:error=EIO"]);
    expect(end).toMatchObject({ code: "STORAGE_UNAVAILABLE", message: expect.stringContaining("read or write error"), ...untouched });
    expect(end.files).toEqual(["kept"]);
  });

  it.each([
    ["pwrite64:error=EINTR:when=2", large],
    ["pwrite64:error=EINVAL:when=1", large],
    ["openat:error=EINVAL:when=2", large],
    ["link,linkat:error=EPERM", 3_000_000],
  ])("does its work all the same after %s (of %i bytes)", async (fault, size) => {
    const end = await under([fault], "put", size);
    expect(end).toMatchObject({ code: "DONE", left: { kept: 4, [file]: size }, sum: sumOf(size) });
    expect(end.files.filter((name) => name.includes("part"))).toEqual([]);
  });

  it("names a read that fails", async () => {
    const end = await under(["read,pread64:error=EIO"], "get");
    expect(end).toMatchObject({ code: "STORAGE_UNAVAILABLE", message: expect.stringContaining("read or write error"), left: { kept: 4 } });
  });
});

describe.runIf(mayMount)("a local storage on a disk of its own", () => {
  /** The same in a mount namespace; `mounts` are shell commands in which `$1` is the storage's folder. */
  async function on(mounts: string, size = 3_000_000, before: readonly string[] = []) {
    const { root, answer } = await storageFolder();
    const mounted = `set -e; ${mounts}; shift; exec "$@"`;
    await run("unshare", ["-m", "sh", "-c", mounted, "sh", root, ...before, process.execPath, script, root, answer, "put", String(size)]);
    return answered(answer);
  }
  const disk = 'mount -t tmpfs -o size=8m tmpfs "$1"; printf kept > "$1/kept"';

  it("says how full it is when it fills up in the middle, and leaves nothing half", async () => {
    const end = await on(disk, 20_000_000);
    expect(end).toEqual({
      code: "STORAGE_FULL",
      message: expect.stringMatching(/is full: .* of 8\.39 MB are free/),
      hint: expect.any(String),
      ...untouched,
    });
  });

  it("says so when not even a manifest fits any more, and what it holds stays whole", async () => {
    const end = await on(`${disk}; head -c 20000000 /dev/zero > "$1/artifact" 2>/dev/null || true`, 600);
    expect(end).toMatchObject({ code: "STORAGE_FULL", kept: "kept" });
    expect(Object.keys(end.left)).toEqual(["artifact", "kept"]);
  });

  it("is told apart when it is read-only, or takes no large files", async () => {
    expect(await on(`${disk}; mount -o remount,ro "$1"`)).toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      message: expect.stringContaining("is read-only"),
      ...untouched,
    });
    expect(await on(disk, 3_000_000, ["prlimit", "--fsize=1000000"])).toMatchObject({
      code: "STORAGE_FULL",
      message: expect.stringContaining("takes no larger file"),
      ...untouched,
    });
  });

  it("stores across a disk that is mounted inside it: what is being written lies beside its name", async () => {
    const end = await on(`${disk}; mkdir "$1/shop"; mount -t tmpfs -o size=8m tmpfs "$1/shop"`);
    expect(end).toMatchObject({ code: "DONE", left: { kept: 4, [file]: 3_000_000 } });
  });
});
