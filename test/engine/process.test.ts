import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { Failure } from "../../server/domain/errors.ts";
import { findProgram, spawnTool } from "../../server/engine/process.ts";

const firstLine = async (stream: AsyncIterable<Buffer> | null) => {
  for await (const chunk of stream ?? []) return chunk.toString().trim();
  return "";
};
const alive = (pid: string) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

describe("a child process", () => {
  it("ends with what it started, even where both refuse to", async () => {
    const cancel = new AbortController();
    const tool = spawnTool("sh", ["-c", "trap '' TERM; (trap '' TERM; sleep 100) & echo $!; wait; sleep 100"], { signal: cancel.signal });
    const grandchild = await firstLine(tool.stdout);
    cancel.abort();
    expect(await tool.exited).toMatchObject({ code: null, signal: "SIGKILL" });
    await expect.poll(() => alive(grandchild)).toBe(false);
    expect(() => spawnTool("true", [], { signal: cancel.signal })).toThrow();
  });

  it.runIf(findProgram("setpriv"))("ends when the process that started it is killed", async () => {
    const module = new URL("../../server/engine/process.ts", import.meta.url).href;
    const code = `import { spawnTool } from ${JSON.stringify(module)}; console.log(spawnTool("sleep", ["100"]).pid); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    const child = await firstLine(parent.stdout);
    expect(alive(child)).toBe(true);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    await expect.poll(() => alive(child)).toBe(false);
  });

  it("knows nothing of our environment but PATH, LANG, TZ and the certificates to trust, and its words are kept without secrets", async () => {
    process.env.HOLDFAST_TEST_SECRET = "x";
    const tool = spawnTool(
      "sh",
      ["-c", "env; echo report >&3; head -c 300000 /dev/zero | tr '\\0' y >&2; echo 'pass=s3cret.' >&2; exit 7"],
      { fds: ["pipe"], secrets: ["s3cret"] },
    );
    delete process.env.HOLDFAST_TEST_SECRET;
    const [environment, report, exit] = await Promise.all([
      text(tool.stdout ?? Readable.from([])),
      text(tool.reports[0] ?? Readable.from([])),
      tool.exited,
    ]);
    expect(
      environment
        .split("\n")
        .map((line) => line.split("=")[0])
        .filter((name) => !["PATH", "LANG", "TZ", "NODE_EXTRA_CA_CERTS", "PWD", "_", "SHLVL", "OLDPWD", ""].includes(name ?? "")),
    ).toEqual([]);
    expect(report).toBe("report\n");
    expect(exit.code).toBe(7);
    expect(exit.stderr).toMatch(/y+pass=\[secret\]\.$/);
    expect(exit.stderr.length).toBeLessThanOrEqual(64 * 1024);
  });

  it("of low priority gives way with the processor and the disk, and so does what it starts", async () => {
    const told = async (lowPriority: boolean) => {
      const show = findProgram("ionice") ? "; ionice -p $$" : "";
      const tool = spawnTool("sh", ["-c", `sh -c 'cut -d " " -f 19 /proc/self/stat${show}'`], { lowPriority });
      const words = await text(tool.stdout ?? Readable.from([]));
      expect(await tool.exited).toMatchObject({ code: 0, stderr: "" });
      return words.trim().split("\n");
    };
    const [nice, disk] = await told(true);
    expect(Number(nice)).toBe(Math.min(getPriority() + 10, 19));
    if (disk) expect(disk).toBe("best-effort: prio 7");
    expect(Number((await told(false))[0])).toBe(getPriority());
  });

  it("that is not there is a failure that names it", () => {
    expect(() => spawnTool("no-such-program", [])).toThrow(Failure);
    expect(() => spawnTool("no-such-program", [])).toThrow("The program no-such-program is not on this machine.");
  });
});
