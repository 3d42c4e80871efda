import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimHome } from "../server/home.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-claim-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const node = resolve("node_modules/node/bin/node");
const claiming = `const { claimHome } = await import(${JSON.stringify(resolve("server/home.ts"))});`;

/** A process of its own that has claimed the home and lives on. */
async function otherServer() {
  const child = spawn(
    node,
    [
      "--input-type=module",
      "-e",
      `${claiming} await claimHome(${JSON.stringify(folder)}); console.log("mine"); setInterval(() => {}, 1000);`,
    ],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await once(child.stdout, "data");
  return child;
}

describe("the claim to a home folder", () => {
  it("makes the folder for its owner alone", async () => {
    const home = join(folder, "deep", "home");
    const claim = await claimHome(home);
    expect(claim.home).toBe(home);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    claim.release();
  });

  it("is refused to a second server in one sentence that names the first one's process, and falls free when that is killed", async () => {
    const other = await otherServer();
    await expect(claimHome(folder)).rejects.toMatchObject({
      code: "CONFLICT",
      message: `Another Holdfast server (process ${other.pid}) is running on the home folder ${folder}.`,
    });
    other.kill("SIGKILL");
    await once(other, "exit");
    (await claimHome(folder)).release();
  });

  it("goes to exactly one of several that ask at once", async () => {
    const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claimHome(folder)));
    const won = claims.filter((claim) => claim.status === "fulfilled");
    expect(won).toHaveLength(1);
    won[0]?.value.release();
    (await claimHome(folder)).release();
  });

  it("is not kept by a record whose pid went to another process, but by one that still fits", async () => {
    await writeFile(join(folder, "server.lock"), `${process.ppid} 1\n`);
    (await claimHome(folder)).release();
    const sleeper = spawn("sleep", ["60"]);
    await once(sleeper, "spawn");
    const { stdout } = await promisify(execFile)("cut", ["-d", " ", "-f", "22", `/proc/${sleeper.pid}/stat`]);
    await writeFile(join(folder, "server.lock"), `${sleeper.pid} ${stdout}`);
    await expect(claimHome(folder)).rejects.toThrow(`process ${sleeper.pid}`);
    sleeper.kill();
    await once(sleeper, "exit");
  });

  it.runIf(process.getuid?.() === 0)("is refused on a folder of another account", async () => {
    await chmod(folder, 0o777);
    await expect(
      promisify(execFile)("setpriv", [
        "--reuid=65534",
        "--clear-groups",
        node,
        "--input-type=module",
        "-e",
        `${claiming} await claimHome(${JSON.stringify(folder)});`,
      ]),
    ).rejects.toThrow("belongs to another account (user id 0)");
  });
});
