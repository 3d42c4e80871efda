import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let checkout: string;
beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), "holdfast-checkout-"));
  await mkdir(join(checkout, "server"));
  for (const path of ["server/setup", "server/setup.mjs", "server/holdfast.mjs", "package.json", "package-lock.json"])
    await cp(path, join(checkout, path), { recursive: true });
});
afterEach(() => rm(checkout, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the temporary checkout on this machine's Node, with the environment as given. */
async function run(args: readonly string[], env: Record<string, string> = {}, before: readonly string[] = []): Promise<Outcome> {
  const [program = "", ...rest] = [...before, process.execPath, ...args];
  const done = promisify(execFile)(program, rest, { cwd: checkout, env: { PATH: process.env.PATH, ...env } });
  return done.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

const put = async (path: string, text: string) => {
  await mkdir(join(checkout, path, ".."), { recursive: true });
  await writeFile(join(checkout, path), text);
};

/** The value of an expression on a module of the set-up. */
async function ask(module: string, expression: string, env: Record<string, string> = {}): Promise<unknown> {
  const program = `const m = await import(${JSON.stringify(join(checkout, "server/setup", module))}); console.log(JSON.stringify(await (${expression})));`;
  const { code, stdout, stderr } = await run(["--input-type=module", "-e", program], env);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** A root file system in which this machine's programs of MariaDB and zstd are not to be seen. */
const bare = [
  "unshare",
  "--mount",
  "sh",
  "-c",
  `for each in /usr/sbin/mariadbd /usr/bin/zstd; do mount --bind /dev/null $each; done; exec "$@"`,
  "bare",
];
const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const mayMount = spawnSync("unshare", ["--mount", "true"]).status === 0;

describe("the set-up's packages", () => {
  it.runIf(mayMount)("are named in one message, with the way to get them, to somebody who is not root", async () => {
    await promisify(execFile)("chmod", ["-R", "a+rX", checkout]);
    const outcome = await run(["server/setup.mjs", "start"], {}, [...bare, ...asNobody]);
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "Holdfast needs programs that this machine lacks: mariadbd (package mariadb-server-core), zstd (package zstd).\n" +
        "As root: apt-get update && apt-get install --no-install-recommends mariadb-server-core zstd\n",
    });
  });

  it("are told in other words where there is no apt-get", async () => {
    const [debian, other] = (await ask(
      "packages.mjs",
      `[true, false].map((debian) => m.advice([{ name: "zstd", gives: "zstd" }], debian))`,
    )) as [string, string];
    expect(debian).toContain("As root: apt-get update");
    expect(other).toContain("On other systems install the same programs from its own packages; MariaDB 10.6 or newer.");
  });

  it.runIf(mayMount)("leave the server out when the catalog is on a server already, in the environment or in .env", async () => {
    const missing = async (purpose: string, env: Record<string, string> = {}) => {
      const program = `const m = await import(${JSON.stringify(join(checkout, "server/setup/packages.mjs"))}); console.log(m.missingPackages("${purpose}").map(({ name }) => name).join());`;
      return (await run(["--input-type=module", "-e", program], env, bare)).stdout.trim();
    };
    expect(await missing("start")).toBe("mariadb-server-core,zstd");
    expect(await missing("start", { HOLDFAST_DATABASE_URL: "mysql://x" })).toBe("zstd");
    await put(".env", "HOLDFAST_DATABASE_URL=mysql://x\n");
    expect(await missing("start")).toBe("zstd");
    expect(await missing("demo")).toBe("mariadb-server-core,zstd");
  });
});

describe("the set-up's modules", () => {
  const lock = (version: string) =>
    JSON.stringify({
      packages: {
        "": {},
        "node_modules/a": { version },
        "node_modules/a-win32": { version: "1.0.0", optional: true },
        "node_modules/b": { version: "2.0.0" },
      },
    });
  const current = () => ask("modules.mjs", "m.modulesAreCurrent()");

  it("are current when npm put there what the lock names, and not when the lock moved on or the locked Node is gone", async () => {
    await put("package-lock.json", lock("1.0.0"));
    expect(await current()).toBe(false);
    await put("node_modules/node/bin/node", "");
    expect(await current()).toBe(false);
    await put(
      "node_modules/.package-lock.json",
      JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "2.0.0" } } }),
    );
    expect(await current()).toBe(true);
    await put("node_modules/.package-lock.json", "no longer asked: the stamp says it");
    expect(await current()).toBe(true);
    await rm(join(checkout, "node_modules/.package-lock.json"));
    await put("package-lock.json", lock("1.0.1"));
    expect(await current()).toBe(false);
    await put("package-lock.json", lock("1.0.0"));
    expect(await current()).toBe(true);
    await rm(join(checkout, "node_modules/node"), { recursive: true });
    expect(await current()).toBe(false);
  });
});

describe("the set-up's build", () => {
  /** Stand-ins for the two compilers: each writes its output and counts its runs. */
  const compiler = (output: string) => `
    const fs = require("node:fs");
    if (fs.existsSync("broken")) { console.error("line 1: broken"); process.exit(2); }
    fs.mkdirSync("${output}", { recursive: true });
    fs.appendFileSync("${output}/runs", "x");`;
  const runs = async (part: string) => (await readFile(join(checkout, "dist", part, "runs"), "utf8").catch(() => "")).length;
  const build = () =>
    run(["--input-type=module", "-e", `await (await import(${JSON.stringify(join(checkout, "server/setup/build.mjs"))})).ensureBuilds();`]);

  beforeEach(async () => {
    await mkdir(join(checkout, "node_modules/node/bin"), { recursive: true });
    await symlink(process.execPath, join(checkout, "node_modules/node/bin/node"));
    await put("node_modules/typescript/bin/tsc", compiler("dist/server"));
    await put("node_modules/vite/bin/vite.js", compiler("dist/client"));
    await put("server/setup/vendor.mjs", "");
    await put("server/deep/a.ts", "1");
    await put("shared/b.ts", "1");
    await put("client/c.svelte", "1");
  });

  it("is done once, and again for what changed only, judged by content and not by time", async () => {
    expect(await build()).toEqual({ code: 0, stdout: "", stderr: "Building the server and the dashboard\n" });
    await put("server/deep/a.ts", "1");
    expect((await build()).stderr).toBe("");
    await put("server/deep/a.ts", "2");
    expect((await build()).stderr).toBe("Building the server\n");
    await put("client/new.ts", "1");
    expect((await build()).stderr).toBe("Building the dashboard\n");
    await put("shared/b.ts", "2");
    await build();
    expect([await runs("server"), await runs("client")]).toEqual([3, 3]);
    await rm(join(checkout, "dist/server"), { recursive: true });
    expect((await build()).stderr).toBe("Building the server\n");
  });

  it("says why it failed, and is tried again", async () => {
    await put("broken", "");
    const failed = await build();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("line 1: broken");
    expect(failed.stderr).toContain("The server could not be built.");
    await rm(join(checkout, "broken"));
    expect((await build()).stderr).toBe("Building the server and the dashboard\n");
  });

  it("is done once by set-ups that start together", async () => {
    await put("node_modules/.package-lock.json", await readFile(join(checkout, "package-lock.json"), "utf8"));
    const outcomes = await Promise.all([
      run(["server/setup.mjs", "build"]),
      run(["server/setup.mjs", "build"]),
      run(["server/setup.mjs", "build"]),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(outcomes.filter(({ stderr }) => stderr.includes("Building"))).toHaveLength(1);
    expect([await runs("server"), await runs("client")]).toEqual([1, 1]);
  });
});

describe("the launched program", () => {
  const launcher = `import { launch } from "./server/setup/launch.mjs"; process.exitCode = await launch(["program.mjs", "an argument"]);`;
  beforeEach(async () => {
    await mkdir(join(checkout, "node_modules/node/bin"), { recursive: true });
    await symlink(resolve("node_modules/node/bin/node"), join(checkout, "node_modules/node/bin/node"));
    await put("launcher.mjs", launcher);
  });

  it("runs on the locked Node, with our output to itself and its exit status as ours", async () => {
    await put("program.mjs", `console.log(process.version.split(".")[0], process.argv[2]); process.exitCode = 7;`);
    expect(await run(["launcher.mjs"])).toEqual({ code: 7, stdout: "v24 an argument\n", stderr: "" });
  });

  it("tells by our status that a signal ended it", async () => {
    await put("program.mjs", `process.kill(process.pid, "SIGKILL"); await new Promise(() => setInterval(() => {}, 1000));`);
    expect((await run(["launcher.mjs"])).code).toBe(137);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("gets our %s and ends in its own way", async (signal) => {
    await put(
      "program.mjs",
      `process.on("${signal}", () => { console.log("closing"); process.exit(3); }); console.log("up"); setInterval(() => {}, 1000);`,
    );
    const child = spawn(process.execPath, ["launcher.mjs"], { cwd: checkout, stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("up");
    const exit = once(child, "exit");
    child.kill(signal);
    expect((await lines.next()).value).toBe("closing");
    expect(await exit).toEqual([3, null]);
  });
});

describe("the set-up's commands", () => {
  it.runIf(mayMount)("say in one line that the checkout cannot be written by somebody who would have to build it", async () => {
    await promisify(execFile)("chmod", ["-R", "a+rX", checkout]);
    const { code, stderr } = await run(["server/setup.mjs", "build"], {}, asNobody);
    expect([code, stderr]).toEqual([1, `Holdfast has to be built, and this account may not write to ${checkout}.\n`]);
  });

  it("are listed to somebody who names none", async () => {
    expect(await run(["server/setup.mjs", "begin"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "Say what to do: node server/setup.mjs start | demo | test | bench | build | check\n",
    });
  });
});
