import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { answerOf, command, processesWith, startCommand, startOnTerminal } from "../support/command.ts";
import { heldUp } from "../support/held-up.ts";
import { freshDatabase, sharedConnection } from "../support/shared-server.ts";
import { makeTree, readTree, scratchFolder } from "../support/trees.ts";

interface Backup {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly folder: string;
}

/** A database with three rows on the shared server, and the settings that make it the first source. */
async function shop(password = sharedConnection("").password) {
  const database = await freshDatabase("shop");
  await database.sql.query("CREATE TABLE goods (id INT PRIMARY KEY, name TEXT); INSERT INTO goods VALUES (1, 'a'), (2, 'b'), (3, 'c')");
  const { socketPath, user } = database.connection;
  const settings = {
    BACKUP_MYSQL_SOCKET: socketPath ?? "",
    BACKUP_MYSQL_USER: user,
    BACKUP_MYSQL_PASSWORD: password,
    BACKUP_MYSQL_DATABASE: database.name,
  };
  return { ...database, settings };
}
const rowsOf = async ({ sql }: Pick<Awaited<ReturnType<typeof freshDatabase>>, "sql">) => (await sql.query("SELECT * FROM goods"))[0];

/** Settings for a home with the catalog in this database of the shared server. */
function homeOn(name: string, home: string) {
  const { port, password } = inject("mariadb");
  return {
    HOLDFAST_HOME: home,
    HOLDFAST_DATABASE_URL: `mysql://root:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`,
  };
}

describe("the command line with no server up", () => {
  it("backs up, lists, shows, restores and deletes on a catalog that runs only as long as each command", async () => {
    await using database = await shop();
    const media = await makeTree(join(await scratchFolder(), "media"), { "a.txt": "a", "b/c.txt": "c" });
    const home = join(await scratchFolder(), "home");
    const env = { ...database.settings, BACKUP_MEDIA_ROOT: media, HOLDFAST_HOME: home };
    const run = async (...args: string[]) => {
      const outcome = await command({ ...env, HOLDFAST_HOME: home }, args);
      expect(await processesWith(home)).toEqual([]);
      return outcome;
    };
    await makeTree(home, {});
    const [rows, tree] = [await rowsOf(database), await readTree(media)];

    const made = await run("create-backup", "--name", "Before", "--json");
    expect(made).toMatchObject({ code: 0, stderr: expect.stringMatching(/^(preparing\n)?(database\n)?/) });
    const { id, folder } = JSON.parse(made.stdout) as Backup;
    const listed = await run("list-backups");
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    expect(listed.stdout.split("\n")).toHaveLength(3);
    expect(listed.stdout).toContain(`${id}  20`);
    const shown = await run("show-backup", id);
    expect(shown.stdout).toContain(`folder: ${join(home, "backups", folder)}\n`);
    expect(shown.stdout).toMatch(
      /database: 1 table, 3 rows\n {2}read by the dump program\. The database is small: [^\n]+\n {2}load on the source: [^\n]+\nmedia: 2 files, kept as one archive\n/,
    );

    await database.sql.query("DELETE FROM goods; CREATE TABLE newer (id INT)");
    await rm(join(media, "a.txt"));
    await writeFile(join(media, "newer.txt"), "");
    const refused = await run("restore", id);
    expect(refused).toEqual({ code: 2, stdout: "", stderr: "This has to be confirmed, and there is nobody to ask.\nAdd --yes.\n" });
    const restored = await run("restore", id, "--yes");
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.stdout).toMatch(
      /^Restored and checked: 1 table, 3 rows, 2 files, in [^\n]+\.\nTo undo it: npx holdfast restore \S{36}\n$/,
    );
    expect(await rowsOf(database)).toEqual(rows);
    expect(await readTree(media)).toEqual(tree);

    expect(await run("delete-backup", id, "--yes")).toMatchObject({ code: 0, stdout: "Deleted Before.\n" });
    expect(await readdir(join(home, "backups"), { recursive: true })).not.toContain(folder);
  });
});

describe("a command", () => {
  let catalog: Awaited<ReturnType<typeof freshDatabase>>;
  let database: Awaited<ReturnType<typeof shop>>;
  let env: Record<string, string>;
  let folders: () => Promise<string[]>;
  beforeAll(async () => {
    [catalog, database] = [await freshDatabase("catalog"), await shop()];
    env = { ...database.settings, ...homeOn(catalog.name, await mkdtemp(join(tmpdir(), "holdfast-home-"))) };
    folders = () => readdir(join(env.HOLDFAST_HOME ?? "", "backups"), { recursive: true }).catch(() => []);
  });
  afterAll(async () => {
    await rm(env.HOLDFAST_HOME ?? "", { recursive: true, force: true });
    await catalog[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  it.each([
    [[], /^Usage: holdfast/],
    [["no-such-command"], /^error: unknown command 'no-such-command'/],
    [["create-backup", "--encrypted"], /^error: unknown option '--encrypted'/],
    [["create-backup", "--type", "tables"], /Allowed choices are database, media, full/],
    [["create-backup", "one", "two"], /^error: too many arguments/],
    [["list-backups", "--limit", "many"], /It is a whole number from 1 to 200/],
    [["show-backup"], /^error: missing required argument 'id'/],
    [["restore", "1", "--mode", "merge"], /Allowed choices are replace/],
    [["create-user"], /^error: required option '--email <address>' not specified/],
    [["create-token", "--name", "x", "--role", "owner"], /Allowed choices are admin, operator, viewer/],
  ])("that is used wrongly ends with 2 and says how on standard error: %j", async (args, message) => {
    expect(await command(env, args)).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
  });

  it.each([[["--help"]], [["help", "restore"]], [["restore", "--help"]], [["--version"]]])(
    "that asks for help ends with 0: %j",
    async (args) => {
      expect(await command({}, args)).toEqual({
        code: 0,
        stderr: "",
        stdout: expect.stringMatching(/^(Usage: holdfast|\d+\.\d+\.\d+\n$)/),
      });
    },
  );

  it("proves backups: with the backup, by checksum and by a drill, and ends with 1 where one does not pass", async () => {
    const made = await command(env, ["create-backup", "--verify", "--json"]);
    expect(made).toMatchObject({ code: 0 });
    const { id, folder, verification } = JSON.parse(made.stdout) as Backup & { verification: { passed: boolean; tables: unknown[] } };
    expect(verification).toMatchObject({ level: "RESTORE", passed: true, tables: [{ table: "goods", restoredRows: 3 }] });
    expect((await command(env, ["verify-backup", id])).stdout).toMatch(/ passed: \S+ (?:bytes|kB) read, all as stored\.\n$/);
    const drilled = await command(env, ["verify-backup", id, "--restore"]);
    expect(drilled.stdout).toMatch(/ passed: 1 table, 3 rows restored and compared, in [^\n]+\.\n$/);
    expect((await command(env, ["list-backups"])).stdout).toMatch(new RegExp(`${id} .* complete .* \\d{4}-\\d\\d-\\d\\d `));

    await writeFile(join(env.HOLDFAST_HOME ?? "", "backups", folder, "database.sql.zst"), "no dump");
    for (const level of [[], ["--restore"]]) {
      const failed = await command(env, ["verify-backup", id, ...level]);
      expect(failed).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/ did not pass:\n {2}database\.sql\.zst is not what was stored/),
      });
    }
    expect((await command(env, ["show-backup", id])).stdout).toContain("proven: failed\n  database.sql.zst is not what was stored");
    expect(await readdir(join(env.HOLDFAST_HOME ?? "", "work"))).toEqual([]);
    await command(env, ["delete-backup", id, "--yes"]);
  });

  it("that names what is not there ends with 1, and with nothing on standard output", async () => {
    for (const args of [
      ["show-backup", "abc"],
      ["restore", "abc", "--yes"],
      ["delete-backup", "abc", "--yes"],
      ["show-backup", "abc", "--json"],
    ])
      expect(await command(env, args)).toEqual({ code: 1, stdout: "", stderr: "There is no backup abc.\n" });
  });

  it("that cannot sign in to the database says so with a hint, shows no secret, and leaves nothing on the storage", async () => {
    await using other = await freshDatabase("catalog");
    await using wrong = await shop("a wrong Passw0rd%");
    const settings = { ...wrong.settings, ...homeOn(other.name, await scratchFolder()) };
    const { code, stdout, stderr } = await command(settings, ["create-backup", "--json"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const [sentence, hint] = stderr.split("\n").filter((line) => /^[A-Z].*\.$/.test(line));
    expect([sentence, hint]).toEqual([expect.stringMatching(/password|refuse|denied|sign in|let/i), expect.any(String)]);
    for (const secret of ["Passw0rd", sharedConnection("").password]) expect(stderr).not.toContain(secret);
    // The storage's own mark and key stay.
    const left = (await readdir(join(settings.HOLDFAST_HOME, "backups"), { recursive: true })).filter((name) => !/^\.holdfast/.test(name));
    expect(left).toEqual([]);
  });

  it("that is interrupted cancels what it does, and leaves no file and no process", async () => {
    const release = await heldUp(database, "goods");
    const before = await folders();
    const { child, outcome, saw } = startCommand(env, "create-backup", "--name", "Interrupted", "--json");
    await saw(/^database$/m);
    child.kill("SIGINT");
    child.kill("SIGINT");
    expect(await outcome).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/\nCancelled\.\n$/) });
    await release();
    await expect.poll(() => processesWith(`--\0${database.name}`)).toEqual([]);
    const { backups } = await answerOf<{ backups: Backup[] }>(env, "list-backups");
    expect(backups.find(({ name }) => name === "Interrupted")).toMatchObject({ status: "CANCELLED", error: { code: "CANCELLED" } });
    expect((await folders()).filter((name) => /-(database|full)-\w{8}/.test(name))).toEqual(
      before.filter((name) => /-(database|full)-\w{8}/.test(name)),
    );
  });

  it("makes users with a password that was given, and never repeats it, or with one that it makes up", async () => {
    const given = await command(env, ["create-user", "--email", "ada@example.org", "--password-stdin"], "a password of Ada\n");
    expect(given).toEqual({ code: 0, stdout: "Made ada@example.org.\n", stderr: "" });
    expect(await command(env, ["create-user", "--email", "ada@example.org"])).toMatchObject({ code: 1, stdout: "" });
    const short = await command(env, ["create-user", "--email", "bob@example.org", "--password-stdin"], "short\n");
    expect(short).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("shorter than 12") });
    const bob = await answerOf<object>(env, "create-user", "--email", "bob@example.org", "--role", "viewer");
    expect(bob).toMatchObject({ email: "bob@example.org", role: "VIEWER", password: expect.stringMatching(/^([a-z2-9]{6}-?){4}$/) });
  });

  it("makes a token whose secret is all that stands on standard output", async () => {
    const made = await command(env, ["create-token", "--name", "script"]);
    expect(made).toEqual({ code: 0, stdout: expect.stringMatching(/^hf_[\w-]{43}\n$/), stderr: "" });
  });

  it("examines the machine, and ends with 1 when something is wrong", async () => {
    await using good = await freshDatabase("catalog");
    const fine = { ...database.settings, ...homeOn(good.name, await scratchFolder()) };
    const healthy = await command(fine, ["doctor"]);
    expect(healthy).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Source shop\w*$/m) });
    expect(healthy.stdout).toMatch(/✓ good {5}Server .*; all privileges that a backup needs\.$/m);
    expect(healthy.stdout).toMatch(/! warning {2}It has no schedule.*\n.*\n {13}\$ npx holdfast create-schedule /m);
    expect(healthy.stdout).toMatch(/\d+ checks are good\.\n$/);
    await using other = await freshDatabase("catalog");
    const lacking = { ...database.settings, ...homeOn(other.name, await scratchFolder()), BACKUP_MYSQL_PATH: "/nowhere" };
    const { code, stdout } = await command(lacking, ["doctor"]);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(
        /^Database client tools\n {2}✗ error {4}There is no \/nowhere.*\n.*\n {13}\$ apt-get install mariadb-client$/m,
      ),
    });
  });

  it("examines what it can when the catalog cannot be opened, and says that", async () => {
    const away = { ...env, HOLDFAST_DATABASE_URL: "mysql://root@127.0.0.1:9/holdfast" };
    const told = await command(away, ["doctor"]);
    expect(told).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Catalog\n {2}✗ error {4}The catalog cannot be opened: /m) });
    expect(told.stdout).toMatch(/^Key file\n {2}✓ good/m);
    const { code, stdout } = await command(away, ["doctor", "--json"]);
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { severity: "ERROR" }]);
  });

  it("may be cut short by whoever reads its answer", async () => {
    const { child, outcome } = startCommand(env, "list-backups");
    child.stdout?.destroy();
    expect(await outcome).toMatchObject({ code: 0, stderr: "" });
  });

  it("shows a bar on a terminal, asks there before it restores, and lets go at Ctrl-C", async () => {
    const making = startOnTerminal(env, "create-backup", "--type", "database", "--name", "Seen");
    const { code, stdout } = await making.outcome;
    expect(code).toBe(0);
    expect(stdout).toMatch(/\[?[█░=\-\u2588\u2591]{24}\]? \d+%/);
    expect(stdout).toMatch(/Seen: .* stored in .* \(\S{36}\)\r\n/);
    const id = /\((\S{36})\)/.exec(stdout)?.[1] ?? "";
    await database.sql.query("DELETE FROM goods");
    const question = /Type shop_\w+ to go on: /;
    for (const [typed, status, rows] of [
      ["\u0003", 1, 0],
      ["something else\r", 1, 0],
      [`${database.name}\r`, 0, 3],
    ] as const) {
      const asked = startOnTerminal(env, "restore", id, "--no-pre-restore-backup");
      await asked.saw(question);
      asked.child.stdin?.write(typed);
      expect(await asked.outcome).toMatchObject({ code: status });
      expect(await rowsOf(database)).toHaveLength(rows);
    }
  });

  it("hides the password that is typed at a terminal", async () => {
    const { child, outcome, saw } = startOnTerminal(env, "create-user", "--email", "eve@example.org");
    await saw(/Password/);
    child.stdin?.write("a password of Eve\r");
    await saw(/Once more/);
    child.stdin?.write("a password of Eve\r");
    const { code, stdout } = await outcome;
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("Made eve@example.org.\r\n") });
    expect(stdout).not.toMatch(/of Eve/);
  });
});
