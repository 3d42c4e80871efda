import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { ask, node, root } from "../support/holdfast.ts";

interface Check {
  readonly check: string;
  readonly severity: string;
  readonly message: string;
}

/** What depends on the machine that the test runs on, not on Holdfast. */
const ofTheMachine = ["storage.space", "home.space", "storage.forecast"];

it("is good in the demo, but for what is honestly missing there: somebody to tell, a second machine, a kit", async () => {
  const home = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
  const env = { PATH: process.env.PATH ?? "", HOLDFAST_HOME: join(home, "data"), HOLDFAST_PORT: "0" };
  const demo = spawn(node, [join(root, "dist/server/demo/main.js")], { cwd: home, env, stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(demo, "exit");
  try {
    const told = new Map<string, string>();
    for await (const line of createInterface({ input: demo.stderr })) {
      const found = /^ {2}(Dashboard|Email|Password) +(\S+)$/.exec(line);
      if (found) told.set(found[1] ?? "", found[2] ?? "");
      if (found?.[1] === "Password") break;
    }
    demo.stderr.resume();
    const url = told.get("Dashboard") ?? "";
    const answer = await fetch(`${url}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: told.get("Email"), password: told.get("Password") }),
    });
    const cookie = answer.headers.getSetCookie().map((line) => line.split(";")[0]);
    const { health } = await ask<{ health: { checks: Check[] } }>(
      url,
      { cookie: cookie.join("; ") },
      "{ health(fresh: true) { checks { check severity message } } }",
    );
    const checks = health.checks.filter(({ check }) => !ofTheMachine.includes(check));
    const named = (severity: string) => checks.filter((each) => each.severity === severity).map(({ check }) => check);
    expect(checks.filter(({ severity }) => severity === "ERROR")).toEqual([]);
    expect(named("WARNING")).toEqual(["notify.any"]);
    expect(named("NOTE").filter((check) => check !== "key.place")).toEqual(["key.kit", "storage.away"]);
    expect(named("GOOD")).toEqual(
      expect.arrayContaining(["source.reach", "source.backup", "source.proven", "storage.reach", "queue.alive"]),
    );
  } finally {
    demo.kill("SIGTERM");
    await exited;
    await rm(home, { recursive: true, force: true });
  }
}, 180_000);
