import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOf, command, startCommand, startOnTerminal } from "../support/command.ts";
import { heldUp } from "../support/held-up.ts";
import { addSource, backUp, beginBackup, type Holdfast, node, root, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase } from "../support/shared-server.ts";

let holdfast: Holdfast;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
beforeAll(async () => {
  [holdfast, database, folder] = [
    await startHoldfast(),
    await freshDatabase("commands"),
    await mkdtemp(join(tmpdir(), "holdfast-commands-")),
  ];
  await database.sql.query("CREATE TABLE goods (id INT PRIMARY KEY); INSERT INTO goods VALUES (1), (2)");
  await addSource(holdfast, "Shop", database.name);
});
afterAll(async () => {
  await holdfast[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => command(holdfast.env, args);
const asked = <T>(...args: string[]) => answerOf<T>(holdfast.env, ...args);

describe("schedules on the command line", () => {
  interface Schedule {
    readonly id: string;
    readonly name: string;
    readonly nextRunAt: string;
  }

  it("are made, listed, shown, paused and deleted", async () => {
    const made = await asked<Schedule>(
      "create-schedule",
      "--name",
      "Nightly",
      "--at",
      "03:00",
      "--time-zone",
      "Europe/Berlin",
      "--keep-daily",
      "7",
    );
    expect(made).toMatchObject({
      name: "Nightly",
      frequency: "DAILY",
      timeZone: "Europe/Berlin",
      backupType: "DATABASE",
      retention: { keepDaily: 7 },
    });
    const listed = await run("list-schedules");
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    expect(listed.stdout).toMatch(/^ID +NAME +KIND +WHEN +NEXT +LAST +HEALTH\n/);
    expect(listed.stdout).toMatch(new RegExp(`${made.id}  Nightly  backup  .*03:00.*  in \\d+ .*  never  `));
    const paused = await run("pause-schedule", made.id);
    expect(paused).toMatchObject({ code: 0, stdout: "Nightly is paused.\n" });
    expect((await run("show-schedule", made.id)).stdout).toMatch(/^Nightly\n.*03:00[\s\S]*\npaused\nkeeps: .*keepDaily 7/);
    expect((await run("resume-schedule", made.id)).stdout).toMatch(/^Nightly goes on\. Next: 20/);
    for (const [args, message] of [
      [["create-schedule", "--name", "x", "--at", "03:00", "--cron", "1 2 3 4 5"], /leave --at out/i],
      [["create-schedule", "--name", "x", "--cron", "61 * * * *"], /cron|minute/i],
      [["create-schedule", "--name", "x"], /When is it due/],
      [["create-schedule", "--name", "x", "--at", "03:00", "--weekday", "7"], /whole number from 0 to 6/],
    ] as const)
      expect(await run(...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
    expect(await run("delete-schedule", made.id)).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
    expect(await run("delete-schedule", made.id, "--yes")).toEqual({ code: 0, stdout: "Deleted Nightly.\n", stderr: "" });
    expect(await run("show-schedule", made.id)).toEqual({ code: 1, stdout: "", stderr: `There is no schedule ${made.id}.\n` });
  });

  it("run when they are due and once, however many a crontab starts beside the server; with --force now", async () => {
    const made = await asked<Schedule>("create-schedule", "--name", "Hourly", "--cron", "0 * * * *", "--days", "3");
    expect(await run("run-scheduled-backups")).toMatchObject({ code: 0, stdout: "Nothing is due.\n" });
    expect(await run("run-scheduled-backups", "--dry-run", "--force")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Hourly +backup +20.* would run/),
    });
    const forced = await run("run-scheduled-backups", "--force", "--schedule-id", made.id);
    expect(forced).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Hourly: backup complete \(\S{36}\)\n$/) });

    // The last full hour was not looked at yet: the server and three commands see it at once.
    const due = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
    const before = new Date(due.getTime() - 1000);
    await inCatalog("UPDATE schedules SET next_run_at = ?, considered_until = ? WHERE id = ?", [due, before, made.id]);
    const outcomes = await Promise.all([1, 2, 3].map(() => asked<{ runs: { ok: boolean }[] }>("run-scheduled-backups")));
    expect(outcomes.flatMap(({ runs }) => runs).every(({ ok }) => ok)).toBe(true);
    const runs = async () =>
      (
        await holdfast.graphql<{ schedule: { runs: { cause: string; state: string; dueAt: string }[] } }>(
          "query ($id: ID!) { schedule(id: $id) { runs { cause state dueAt } } }",
          { id: made.id },
        )
      ).schedule.runs.filter(({ cause }) => cause !== "MANUAL");
    await expect.poll(runs, { timeout: 30_000 }).toMatchObject([{ cause: "CATCH_UP", state: "COMPLETED", dueAt: due.toISOString() }]);
    const { backups } = await holdfast.graphql<{ backups: { totalCount: number } }>(
      "query ($id: ID!) { backups(filter: {scheduleId: $id}) { totalCount } }",
      { id: made.id },
    );
    expect(backups.totalCount).toBe(2);
    expect(await run("run-scheduled-backups", "--schedule-id", "none")).toMatchObject({ code: 1, stderr: "There is no schedule none.\n" });
  });
});

async function inCatalog(statement: string, values: unknown[]) {
  const name = new URL(holdfast.env.HOLDFAST_DATABASE_URL ?? "").pathname.slice(1);
  await database.sql.query(`USE \`${name}\``);
  await database.sql.query(statement, values);
  await database.sql.query(`USE \`${database.name}\``);
}

describe("other commands", () => {
  it("clean up what no limit keeps, with a reason for each, and nothing on a dry run", async () => {
    // Else the server does it before the command.
    await holdfast.graphql("mutation { updateSettings(input: {autoCleanup: false}) { autoCleanup } }");
    const old = await backUp(holdfast, { type: "DATABASE", name: "Old" });
    await backUp(holdfast, { type: "DATABASE", name: "New" });
    await inCatalog(
      "UPDATE backups SET created_at = created_at - INTERVAL 90 DAY, started_at = started_at - INTERVAL 90 DAY, finished_at = finished_at - INTERVAL 90 DAY WHERE id = ?",
      [old.id],
    );
    const dry = await run("cleanup-old-backups", "--days", "30", "--dry-run");
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(dry.stdout).toMatch(
      new RegExp(`^ID .* WHY +NAME\n${old.id} .* no limit keeps it +Old\nWould delete 1 backup and free .*; \\d+ kept\\.\n$`),
    );
    expect((await run("show-backup", old.id)).code).toBe(0);
    const done = await asked<{ dryRun: boolean; removed: { id: string; reason: string }[] }>("cleanup-old-backups", "--days", "30");
    expect(done).toMatchObject({ dryRun: false, removed: [{ id: old.id, reason: "EXPIRED" }] });
    expect((await run("show-backup", old.id)).code).toBe(1);
    expect(await run("cleanup-old-backups", "--days", "0")).toMatchObject({ code: 2 });
  });

  it("list restores, sources and storages, and tell statistics", async () => {
    const { id } = await backUp(holdfast, { type: "DATABASE", name: "To restore" });
    const restored = await asked<{ id: string }>("restore", id, "--no-pre-restore-backup", "--yes");
    expect((await run("list-restores")).stdout).toMatch(new RegExp(`\n${restored.id} .* database +replace +completed +Shop +To restore\n`));
    expect((await run("show-restore", restored.id)).stdout).toMatch(/from To restore into Shop\nrestored: 1 table, 2 rows/);
    expect((await run("list-sources")).stdout).toMatch(/Shop +commands_\w+ on \S+ +(now|.* ago) +never\n$/);
    expect((await run("list-storages")).stdout).toMatch(/ local +\S+backups +\d+ .* yes\n$/);
    expect((await run("statistics")).stdout).toMatch(
      /^In the last 30 days: \d+ backups complete, 0 failed \(100 % good\)\.\n[\s\S]*\nSOURCE +BACKUPS/,
    );
    expect(await asked("statistics", "--days", "7")).toMatchObject({ failedBackups: 0, bySource: [{ source: { name: "Shop" } }] });
  });

  it("show and change settings with where they come from, and take the configuration out and in", async () => {
    expect((await run("settings")).stdout).toMatch(/^NAME +VALUE +FROM\nretentionDays +30 +default\n/);
    expect(await run("settings", "set", "retentionDays", "60")).toMatchObject({ code: 0, stdout: "retentionDays is 60 now.\n" });
    expect((await run("settings")).stdout).toMatch(/\nretentionDays +60 +dashboard\n|^NAME.*\nretentionDays +60 +dashboard\n/);
    expect(await run("settings", "set", "smtpUrl", "smtp://u:p@x")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("standard input"),
    });
    expect(await run("settings", "set", "retentionDays", "never")).toMatchObject({ code: 2 });
    expect(await run("settings", "sat")).toMatchObject({ code: 2, stderr: expect.stringContaining("set and reset") });
    const [file, passphrase] = [join(folder, "holdfast.json"), join(folder, "passphrase")];
    await writeFile(passphrase, "a long passphrase\n");
    expect(await run("export-configuration", "--passphrase-file", passphrase, "--output", file)).toMatchObject({ code: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, "utf8"))).toBeTruthy();
    const plan = await asked<{ applied: boolean; problems: string[] }>(
      "import-configuration",
      file,
      "--passphrase-file",
      passphrase,
      "--dry-run",
    );
    expect(plan).toMatchObject({ applied: false, problems: [] });
    expect((await run("settings", "reset", "retentionDays")).stdout).toMatch(/retentionDays +30 +default/);
    expect(await run("test-notification", "Nobody")).toMatchObject({ code: 1, stderr: expect.stringContaining("no channel") });
    expect(await run("test-notification", "--email")).toMatchObject({ code: 1 });
  });

  it("follow an operation's log to its end, let go of it at Ctrl-C, and cancel it", async () => {
    const release = await heldUp(database, "goods");
    const id = await beginBackup(holdfast, { type: "DATABASE", name: "Held up" });
    const [left, stayed] = [startCommand(holdfast.env, "follow", id), startCommand(holdfast.env, "follow", id, "--json")];
    await Promise.all([left.saw(/\S/), stayed.saw(/\S/)]);
    left.child.kill("SIGINT");
    expect(await left.outcome).toMatchObject({ code: 1, stdout: "" });
    expect(await run("cancel", id)).toMatchObject({ code: 0, stdout: "It is being cancelled.\n" });
    const { code, stdout } = await stayed.outcome;
    expect({ code, answer: JSON.parse(stdout) }).toMatchObject({ code: 1, answer: { kind: "BACKUP", status: "CANCELLED" } });
    expect((await run("cancel", id)).stdout).toBe("It had ended already.\n");
    expect((await run("follow", "none")).stderr).toBe("There is no operation none.\n");
    await release();
  });

  it("colour only on a terminal, and not where NO_COLOR is set", async () => {
    const bold = "\u001b[1m";
    expect((await run("list-storages")).stdout).not.toContain(bold);
    expect((await startOnTerminal(holdfast.env, "list-storages").outcome).stdout).toContain(bold);
    expect((await startOnTerminal({ ...holdfast.env, NO_COLOR: "1" }, "list-storages").outcome).stdout).not.toContain(bold);
  });

  it("are completed by a real bash: commands, options and their words", async () => {
    const script = `source <(${node} ${join(root, "dist/server/cli/main.js")} completion bash)
      typed() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"; echo ==; }
      typed holdfast list-; typed holdfast create-backup --ty; typed holdfast create-backup --type m; typed holdfast show-backup '$(touch ${join(folder, "run")})'; complete -p holdfast`;
    const { stdout } = await promisify(execFile)("bash", ["-c", script], { env: { PATH: process.env.PATH } });
    const [commands, options, words, , registered] = stdout.split("==\n");
    expect(commands?.trim().split("\n").sort()).toEqual([
      "list-backups",
      "list-restores",
      "list-schedules",
      "list-sources",
      "list-storages",
    ]);
    expect([options, words]).toEqual(["--type\n", "media\n"]);
    expect(registered).toBe("complete -o default -F _holdfast holdfast\n");
    // What is typed is text, whatever it would be as a command.
    expect(await readdir(folder)).not.toContain("run");
  });
});
