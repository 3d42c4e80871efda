import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import mysql from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findServer, isAlive } from "../../server/db/embedded/processes.ts";
import { type Embedded, openEmbedded } from "../../server/db/embedded.ts";
import { appears, finished, query, serverOn, startUser } from "../support/embedded.ts";

let folder: string;
/** A catalog folder that is installed already, for the tests in which the first start does not matter. */
let installed: string;
const undo: (() => Promise<void>)[] = [];

async function freshFolder() {
  const path = await mkdtemp(join(tmpdir(), "holdfast-home-"));
  undo.push(async () => {
    const left = await findServer(join(path, "mariadb", "data"));
    if (left) process.kill(left.pid, "SIGKILL");
    await rm(path, { recursive: true, force: true, maxRetries: 20 });
    expect(left, "a server left running").toBeNull();
  });
  return path;
}

beforeAll(async () => {
  installed = await mkdtemp(join(tmpdir(), "holdfast-home-"));
  await (await openEmbedded(installed)).close();
});
afterAll(() => rm(installed, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await freshFolder();
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const copyInstalled = () =>
  cp(join(installed, "mariadb"), join(folder, "mariadb"), { recursive: true, filter: (path) => !path.endsWith(".sock") });

async function opened(home = folder, say: (line: string) => void = () => {}): Promise<Embedded> {
  const embedded = await openEmbedded(home, { say });
  undo.push(() => embedded.close());
  return embedded;
}

const serverOf = (home = folder) => serverOn(home);

async function otherProcess(home = folder) {
  const user = await startUser(home);
  undo.push(async () => {
    if (user.exitCode === null && user.signalCode === null) await finished(user, () => user.stdin?.end());
  });
  return user;
}

describe("the embedded catalog", () => {
  it("is made on first use, private and on a socket only, keeps its rows, and stops with its last user", async () => {
    const first = await openEmbedded(folder);
    const server = await serverOf();
    await query(first, "CREATE TABLE kept (word VARCHAR(20))");
    await query(first, "INSERT INTO kept VALUES ('ægir 🌊')");
    expect(
      await query(first, "SELECT @@port AS port, @@log_bin AS log, @@innodb_flush_log_at_trx_commit AS flush, @@time_zone AS zone"),
    ).toEqual([{ port: 0, log: 0, flush: 1, zone: "+00:00" }]);
    expect((await stat(join(folder, "mariadb"))).mode & 0o777).toBe(0o700);
    await first.close();
    await first.close();
    expect(await isAlive(server)).toBe(false);
    expect(await readdir(join(folder, "mariadb", "users"))).toEqual([]);

    const second = await opened();
    expect(await query(second, "SELECT word FROM kept")).toEqual([{ word: "ægir 🌊" }]);
    expect((await readFile(join(folder, "mariadb", "error.log"), "utf8")).match(/Crash recovery|crash recovery/)).toBeNull();
  });

  it("lets nobody in but the account that made it, and gets no variable of our environment, where secrets may be", async () => {
    await copyInstalled();
    const embedded = await opened();
    const accounts = await query(
      embedded,
      "SELECT User, Host, plugin, authentication_string AS secret FROM mysql.user WHERE User <> 'mariadb.sys'",
    );
    // "invalid" is a hash that no password has; the socket's own check of the account stands behind it.
    for (const account of accounts)
      expect(account).toMatchObject({ Host: "localhost", plugin: "mysql_native_password", secret: "invalid" });
    expect(accounts.map(({ User }) => User)).toContain(embedded.user);
    const names = (await readFile(`/proc/${(await serverOf()).pid}/environ`, "utf8")).split("\0").map((line) => line.split("=")[0]);
    expect(names.filter((name) => name && name !== "PATH" && name !== "LANG" && name !== "MYSQLD_PARENT_PID")).toEqual([]);
  });

  it("works in a home whose path is too long for a socket", async () => {
    const home = join(folder, "long-".repeat(30), "home");
    await mkdir(home, { recursive: true });
    const embedded = await opened(home);
    expect(await query(embedded, "SELECT DATABASE() AS name")).toEqual([{ name: "holdfast" }]);
    const other = await otherProcess(home);
    await finished(other, () => other.stdin?.end());
    expect(await query(embedded, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("is shared by processes that open it at once, and outlives the one that started it", async () => {
    await copyInstalled();
    const others = await Promise.all([otherProcess(), otherProcess()]);
    const server = await serverOf();
    const embedded = await opened();
    for (const other of others) await finished(other, () => other.stdin?.end());
    expect(await query(embedded, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(await serverOf()).toEqual(server);
    await embedded.close();
    expect(await isAlive(server)).toBe(false);
  });

  it("is adopted after kill -9 of the process that used it, and then stopped with its adopter", async () => {
    await copyInstalled();
    const other = await otherProcess();
    const server = await serverOf();
    await finished(other, () => other.kill("SIGKILL"));
    expect(await isAlive(server)).toBe(true);
    const embedded = await openEmbedded(folder);
    expect(await serverOf()).toEqual(server);
    await embedded.close();
    expect(await isAlive(server)).toBe(false);
  });

  it("counts no user whose pid went to another process", async () => {
    await copyInstalled();
    const embedded = await openEmbedded(folder);
    const server = await serverOf();
    await writeFile(join(folder, "mariadb", "users", `${process.ppid}-1-00000000`), "");
    await embedded.close();
    expect(await isAlive(server)).toBe(false);
  });

  it("recovers after kill -9 of its server, with every committed row, for a user that adopted it too", async () => {
    await copyInstalled();
    const other = await otherProcess();
    const said: string[] = [];
    const { promise: again, resolve: runs } = Promise.withResolvers<void>();
    const embedded = await opened(folder, (line) => {
      said.push(line);
      if (line === "The embedded catalog runs again.") runs();
    });
    const { socketPath, user, database } = embedded;
    const pool = mysql.createPool({ socketPath, user, database });
    undo.push(() => pool.end());
    await pool.query("CREATE TABLE kept (id INT PRIMARY KEY)");
    await pool.query("INSERT INTO kept VALUES (1), (2)");
    const server = await serverOf();
    process.kill(server.pid, "SIGKILL");
    await again;
    expect(said).toEqual(["The embedded catalog ended by itself and is started again.", "The embedded catalog runs again."]);
    const [rows] = await pool.query("SELECT id FROM kept");
    expect(rows).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await serverOf()).not.toEqual(server);
    await finished(other, () => other.stdin?.end());
    expect(await query(embedded, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("begins anew after kill -9 in the middle of its first start", async () => {
    const child = spawn(
      resolve("node_modules/node/bin/node"),
      [
        "--input-type=module",
        "-e",
        `(await import(${JSON.stringify(resolve("server/db/embedded.ts"))})).openEmbedded(${JSON.stringify(folder)})`,
      ],
      { stdio: "inherit" },
    );
    await appears(folder, "installing-");
    await finished(child, () => child.kill("SIGKILL"));
    expect(await readdir(join(folder, "mariadb"))).not.toContain("data");
    expect(await query(await opened(), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("fails with the server's own words when it cannot start", async () => {
    await mkdir(join(folder, "mariadb", "data"), { recursive: true });
    await writeFile(join(folder, "mariadb", "data", "ibdata1"), "no tablespace");
    const refused = await openEmbedded(folder).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: "Failure", message: "The embedded catalog ended while it started." });
    expect(refused).toMatchObject({ hint: expect.stringContaining("[ERROR]") });
    expect(await readdir(join(folder, "mariadb", "users"))).toEqual([]);
  });

  it("names the package when MariaDB is not installed", async () => {
    await expect(openEmbedded(folder, { folders: [folder] })).rejects.toMatchObject({
      message: "The program mariadb-install-db of the embedded catalog is not installed.",
      hint: expect.stringContaining("mariadb-server-core"),
    });
  });

  it("refuses a stranger's server on its socket", async () => {
    const stranger = await freshFolder();
    const theirs = await opened(stranger);
    await mkdir(join(folder, "mariadb", "data"), { recursive: true });
    const relay = createServer((near) => {
      const far = connect(theirs.socketPath);
      void pipeline(near, far, near).catch(() => {});
    });
    relay.listen(join(folder, "mariadb", "mariadb.sock"));
    await once(relay, "listening");
    undo.push(async () => void relay.close());
    // Something that looks like our server on our data, so that the socket is asked rather than made anew.
    const guise = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "--", `--datadir=${join(folder, "mariadb", "data")}`], {
      argv0: "mariadbd",
    });
    undo.push(() => finished(guise, () => guise.kill("SIGKILL")));
    await once(guise, "spawn");
    await expect(openEmbedded(folder)).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining(join(stranger, "mariadb", "data")),
    });
    expect(await query(theirs, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it.each(["installing-", "data"])("leaves nothing running when its opening is called off once %s is there", async (name) => {
    const stop = new AbortController();
    const opening = openEmbedded(folder, { signal: stop.signal });
    opening.catch(() => {});
    await appears(folder, name);
    stop.abort(new Error("called off"));
    await expect(opening).rejects.toThrow("called off");
    expect(await findServer(join(folder, "mariadb", "data"))).toBeNull();
    expect(await readdir(join(folder, "mariadb", "users"))).toEqual([]);
  });
});
