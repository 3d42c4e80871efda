import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command, startCommand } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";
import { heldUp } from "../support/held-up.ts";
import { addSource, backUp, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase } from "../support/shared-server.ts";

let holdfast: Holdfast;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
beforeAll(async () => {
  const port = String(await freePort());
  [holdfast, database, folder] = [
    await startHoldfast({ env: { HOLDFAST_PORT: port } }),
    await freshDatabase("remote"),
    await mkdtemp(join(tmpdir(), "holdfast-remote-")),
  ];
  await database.sql.query("CREATE TABLE goods (id INT PRIMARY KEY); INSERT INTO goods VALUES (1), (2)");
  await addSource(holdfast, "Far", database.name);
  for (const role of ["ADMIN", "OPERATOR", "VIEWER"]) {
    const { createApiToken } = await holdfast.graphql<{ createApiToken: { secret: string } }>(
      `mutation { createApiToken(input: {name: "${role}", role: ${role}}) { secret } }`,
    );
    await writeFile(join(folder, role), `${createApiToken.secret}\n`, { mode: 0o600 });
  }
});
afterAll(async () => {
  await holdfast[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** With no home and no settings of its own: nothing of this machine is asked. */
const there = (role: string) => ["--remote", holdfast.url, "--token-file", join(folder, role)];
const far = (role: string, ...args: string[]) => command({}, [...args, ...there(role)]);

describe("the command line on another Holdfast", () => {
  it("says the same as on the machine itself, as text and as JSON", async () => {
    const made = await far("OPERATOR", "create-backup", "--name", "From afar", "--json");
    expect(made).toMatchObject({ code: 0, stderr: expect.stringMatching(/^(preparing\n)?(database\n)?/) });
    const { id } = JSON.parse(made.stdout) as { id: string };
    expect(JSON.parse(made.stdout)).toMatchObject({ name: "From afar", status: "COMPLETED", trigger: "API" });
    for (const args of [["list-backups"], ["show-backup", id, "--json"], ["list-sources", "--json"], ["settings"]])
      expect(await far("VIEWER", ...args)).toEqual(await command(holdfast.env, args));
    const proven = await far("OPERATOR", "verify-backup", id);
    expect(proven).toMatchObject({ code: 0, stdout: expect.stringMatching(/^From afar passed: /) });
  });

  it("examines that machine as the doctor does there, with the queue that only a server has", async () => {
    const named = ({ stdout }: { readonly stdout: string }) =>
      (JSON.parse(stdout) as { checks: { check: string; subject: string; severity: string }[] }).checks.map(
        ({ check, subject, severity }) => `${severity} ${check} ${subject}`,
      );
    const [afar, near] = [await far("VIEWER", "doctor", "--json"), await command(holdfast.env, ["doctor", "--json"])];
    expect([afar.code, near.code]).toEqual([0, 0]);
    expect(named(afar).filter((each) => !each.includes("queue.alive"))).toEqual(named(near));
    expect(named(afar)).toContain("GOOD queue.alive Queue");
  });

  it("restores there, also what lies here", async () => {
    const { id } = await backUp(holdfast, { type: "DATABASE" });
    await database.sql.query("DELETE FROM goods");
    expect(await far("ADMIN", "restore", id, "--no-pre-restore-backup", "--yes")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Restored and checked: 1 table, 2 rows/),
    });
    const dump = join(folder, "dump.sql");
    await writeFile(
      dump,
      "-- MariaDB dump 10.19\nCREATE TABLE goods (id INT PRIMARY KEY);\nINSERT INTO goods VALUES (5), (6), (7);\n-- Dump completed on 2026-01-01  0:00:00\n",
    );
    expect(await far("ADMIN", "restore-files", dump, "--no-pre-restore-backup", "--yes")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Restored and checked: 1 table, 3 rows/),
    });
    expect((await database.sql.query("SELECT * FROM goods"))[0]).toHaveLength(3);
    expect((await holdfast.graphql<{ uploads: unknown[] }>("{ uploads { id } }")).uploads).toEqual([]);
  });

  it("is refused as the token's role is, and what is wrong is told with what to do", async () => {
    expect(await far("VIEWER", "create-backup")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("needs the role operator"),
    });
    expect(await far("OPERATOR", "settings", "set", "retentionDays", "9")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("role admin"),
    });
    expect(await far("ADMIN", "create-user", "--email", "a@example.org")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Users are made on the machine itself\.\nRun this command on .*, without --remote\.\n$/),
    });
    const wrong = join(folder, "wrong");
    await writeFile(wrong, "hf_wrong\n", { mode: 0o600 });
    expect(await far("wrong", "list-backups")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/does not know this token[\s\S]*create-token/),
    });
    await chmod(wrong, 0o644);
    expect((await far("wrong", "list-backups")).stderr).toMatch(/^Others on this machine can read .*chmod 600/);
    expect((await far("none", "list-backups")).stderr).toMatch(/^The token file .* cannot be read\./);
    expect(await command({}, ["list-backups", "--remote", holdfast.url])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--token-file"),
    });
    expect(await command({}, ["list-backups", "--remote", "http://user:pw@x", "--token-file", wrong])).toMatchObject({ code: 2 });
    const nobody = ["list-backups", "--remote", `http://127.0.0.1:${await freePort()}`, "--token-file", join(folder, "VIEWER")];
    expect(await command({}, nobody)).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not answer/) });
  });

  it("takes the token from standard input", async () => {
    const { readFile } = await import("node:fs/promises");
    const token = await readFile(join(folder, "VIEWER"), "utf8");
    expect(await command({}, ["list-sources", "--remote", holdfast.url, "--token-file", "-"], token)).toMatchObject({
      code: 0,
      stderr: "",
    });
  });

  it("cancels there what it began, at Ctrl-C", async () => {
    const release = await heldUp(database, "goods");
    const { child, outcome, saw } = startCommand({}, "create-backup", "--name", "Interrupted", ...there("OPERATOR"));
    await saw(/^database$/m);
    child.kill("SIGINT");
    expect(await outcome).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/Cancelled/) });
    await release();
    const { backups } = await holdfast.graphql<{ backups: { nodes: { status: string }[] } }>(
      '{ backups(filter: {search: "Interrupted"}) { nodes { status } } }',
    );
    expect(backups.nodes).toEqual([{ status: "CANCELLED" }]);
  });

  it("connects again when the connection is lost, says so, and hears what became of it", async () => {
    const release = await heldUp(database, "goods");
    const { outcome, saw } = startCommand({}, "create-backup", "--name", "Cut off", ...there("OPERATOR"));
    await saw(/^database$/m);
    await holdfast.kill("SIGKILL");
    await saw(/The connection to .* was lost/);
    await holdfast.restart();
    await release();
    const { code, stderr } = await outcome;
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Connected to .* again[\s\S]*Holdfast stopped while this backup was running/),
    });
  });
});
