import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findServer } from "../../server/db/embedded/processes.ts";
import { appears } from "../support/embedded.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-home-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe("a server that is told to stop while it starts", () => {
  it.each(["installing-", "data", "mariadbd.pid"])("ends with status 0 and leaves no catalog running, once %s is there", async (name) => {
    const child = spawn(resolve("node_modules/node/bin/node"), [resolve("dist/server/main.js")], {
      cwd: home,
      env: { PATH: process.env.PATH, HOLDFAST_HOME: home, HOLDFAST_PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [lines, exited] = [text(child.stdout), once(child, "exit")];
    await appears(home, name);
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect((await lines).trim().split("\n").at(-1)).toContain('"msg":"stopped"');
    expect(await findServer(join(home, "mariadb", "data"))).toBeNull();
    expect(await readdir(join(home, "mariadb", "users"))).toEqual([]);
  });
});
