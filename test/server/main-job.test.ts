import { execFile } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  addSource,
  backUp,
  beginBackup,
  beginRestore,
  endedRestore,
  follow,
  type Holdfast,
  restore,
  startHoldfast,
} from "../support/holdfast.ts";
import { nasty } from "../support/media.ts";
import { leftovers, makeNasty, portrait } from "../support/nasty.ts";
import { freshDatabase, sharedConnection } from "../support/shared-server.ts";
import { makeTree, readTree, scratchFolder } from "../support/trees.ts";

const run = promisify(execFile);

let holdfast: Holdfast;
beforeAll(async () => {
  holdfast = await startHoldfast();
});
afterAll(() => holdfast[Symbol.asyncDispose]());

const details =
  "query ($id: ID!) { backup(id: $id) { status folder storage { location } artifacts { name part size storedSize sha256 } size storedSize database { tables { name rows } definitions { views triggers procedures functions events } } media { files directories } restoreCommands log { sequence level message } error { code message hint } } }";
interface Details {
  readonly status: string;
  readonly folder: string;
  readonly storage: { readonly location: string };
  readonly artifacts: readonly { readonly name: string; readonly size: number; readonly storedSize: number; readonly sha256: string }[];
  readonly restoreCommands: readonly string[];
  readonly log: readonly { readonly sequence: number; readonly level: string; readonly message: string }[];
  readonly error: { readonly code: string; readonly message: string } | null;
}
const show = async (id: string) => (await holdfast.graphql<{ backup: Details }>(details, { id })).backup;

/** Every line of the operation's log as it comes, until the operation ends. */
async function followLog(id: string) {
  const lines: Details["log"][number][] = [];
  const document = "subscription ($id: ID!) { operationLog(id: $id) { sequence level message } }";
  for await (const { operationLog } of holdfast.subscribe<{ operationLog: Details["log"][number] }>(document, { id }))
    lines.push(operationLog);
  return lines;
}

/** A database and a folder that trip the tools, as a source of their own. */
async function nastySource(name: string) {
  const database = await freshDatabase("shop");
  await makeNasty(database.connection);
  const media = join(await scratchFolder(), "media");
  await makeTree(media, nasty);
  const sourceId = await addSource(holdfast, name, database.name, [media]);
  return { database, media, sourceId };
}

/** What a bad day does: a table and its rows gone, others newer than the backup, files lost and changed. */
async function damage(database: Awaited<ReturnType<typeof freshDatabase>>, media: string) {
  const [tables] = await database.sql.query(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE'",
    [database.name],
  );
  await database.sql.query("SET foreign_key_checks = 0");
  for (const { name } of (tables as { name: string }[]).slice(0, 3))
    await database.sql.query(`DROP TABLE \`${name.replaceAll("`", "``")}\``);
  await database.sql.query(
    "CREATE TABLE newer (id INT PRIMARY KEY); INSERT INTO newer VALUES (1); CREATE VIEW newer_view AS SELECT * FROM newer; CREATE TRIGGER newer_trigger BEFORE INSERT ON newer FOR EACH ROW SET NEW.id = NEW.id + 1",
  );
  await rm(join(media, "a.txt"));
  await writeFile(join(media, "newer.txt"), "newer than the backup");
  await writeFile(join(media, "script.sh"), "changed");
}

describe("the main job", () => {
  it("backs a database and a folder up, shows it, and puts both back exactly", async () => {
    const { database, media, sourceId } = await nastySource("Nasty shop");
    await using _ = database;
    const [before, tree] = [await portrait(database.sql, database.name), await readTree(media)];

    const id = await beginBackup(holdfast, { type: "FULL", sourceId, name: "Before the bad day" });
    const [events, logged] = await Promise.all([follow(holdfast, id), followLog(id)]);
    const backup = await show(id);
    expect(backup.error).toBeNull();
    expect(backup.status).toBe("COMPLETED");
    expect(events.at(-1)).toMatchObject({ status: "COMPLETED", percent: 100 });
    for (const [index, { percent, status }] of events.entries()) {
      expect(percent).toBeGreaterThanOrEqual(events[index - 1]?.percent ?? 0);
      if (status !== "COMPLETED") expect(percent).toBeLessThan(100);
    }
    expect(backup.log.map(({ sequence }) => sequence)).toEqual(backup.log.map((_line, index) => index + 1));
    expect(backup.log.at(-1)?.message).toBe("The backup is complete.");
    expect(logged).toEqual(backup.log);

    // What lies on the storage restores with stock tools alone, by the commands that the manifest prints.
    const folder = join(backup.storage.location, backup.folder);
    expect((await readdir(folder)).sort()).toEqual(["database.sql.zst", "manifest.json", "media.index.zst", "media.tar.zst"]);
    const { sha256 } = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")).artifacts[0];
    expect((await run("sha256sum", [join(folder, "database.sql.zst")])).stdout.slice(0, 64)).toBe(sha256);
    const unpacked = await scratchFolder();
    await run("sh", ["-c", backup.restoreCommands[1]?.replace("media.tar.zst", join(folder, "media.tar.zst")) ?? "false"], {
      cwd: unpacked,
    });
    expect(await readTree(join(unpacked, "media"))).toEqual(tree);

    await damage(database, media);
    const ended = await restore(holdfast, { backupId: id, type: "FULL" });
    expect(ended).toMatchObject({ status: "COMPLETED", error: null });
    expect(await portrait(database.sql, database.name)).toEqual(before);
    expect(await readTree(media)).toEqual(tree);
    expect(await leftovers(database.sql, ended.id)).toEqual([]);
    expect((await readdir(join(media, ".."))).sort()).toEqual(["media"]);

    const { restore: done } = await holdfast.graphql<{
      restore: { preRestoreBackup: { id: string; status: string; trigger: string }; result: object };
    }>("query ($id: ID!) { restore(id: $id) { preRestoreBackup { id status trigger } result { tables rows files } } }", { id: ended.id });
    expect(done.preRestoreBackup).toMatchObject({ status: "COMPLETED", trigger: "PRE_RESTORE" });
    // The undo: the safety copy brings the bad day back.
    expect(await restore(holdfast, { backupId: done.preRestoreBackup.id, type: "FULL", backupBeforeRestore: false })).toMatchObject({
      status: "COMPLETED",
    });
    const [[newer]] = (await database.sql.query("SELECT COUNT(*) AS n FROM newer")) as unknown as [[{ n: number }]];
    expect(newer.n).toBe(1);
    expect(await readFile(join(media, "newer.txt"), "utf8")).toBe("newer than the backup");
  });

  it("restores a database in place for an account that may not create a schema, and says which GRANT would mend it", async () => {
    await using database = await freshDatabase("inplace");
    await database.sql.query("CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES (1), (2)");
    const user = `u_${database.name.slice(-10)}`;
    await database.sql.query(
      `CREATE USER ${user}@localhost IDENTIFIED BY 'pw pw pw'; GRANT ALL ON ${database.name}.* TO ${user}@localhost; GRANT SELECT ON mysql.proc TO ${user}@localhost`,
    );
    const input = {
      name: "In place",
      database: { socketPath: sharedConnection("").socketPath, user, password: "pw pw pw", database: database.name },
    };
    const { createSource } = await holdfast.graphql<{ createSource: { id: string } }>(
      "mutation ($input: SourceInput!) { createSource(input: $input) { id } }",
      { input },
    );
    const backup = await backUp(holdfast, { type: "DATABASE", sourceId: createSource.id });
    expect(backup).toMatchObject({ status: "COMPLETED", error: null });
    await database.sql.query("DELETE FROM a; CREATE TABLE newer (id INT)");

    const refused = await restore(holdfast, { backupId: backup.id, type: "DATABASE" });
    expect(refused.status).toBe("FAILED");
    expect(refused.error?.hint).toContain("GRANT ALL ON");
    expect(await restore(holdfast, { backupId: backup.id, type: "DATABASE", staged: false })).toMatchObject({
      status: "COMPLETED",
      error: null,
    });
    const [rows] = await database.sql.query("SELECT id FROM a ORDER BY id");
    expect(rows).toEqual([{ id: 1 }, { id: 2 }]);
    await expect(database.sql.query("SELECT * FROM newer")).rejects.toThrow("doesn't exist");
    await database.sql.query(`DROP USER ${user}@localhost`);
  });

  it("refuses to restore an artifact that was altered, before the target is touched", async () => {
    const { database, media, sourceId } = await nastySource("Altered");
    await using _ = database;
    const { id } = await backUp(holdfast, { type: "FULL", sourceId });
    const { folder, storage } = await show(id);
    const path = join(storage.location, folder, "media.tar.zst");
    const bytes = await readFile(path);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    await rm(path);
    await writeFile(path, bytes);
    const [before, tree] = [await portrait(database.sql, database.name), await readTree(media)];
    const ended = await restore(holdfast, { backupId: id, type: "FULL" });
    expect(ended).toMatchObject({ status: "FAILED", error: { code: "ARTIFACT_CORRUPT" } });
    expect(await portrait(database.sql, database.name)).toEqual(before);
    expect(await readTree(media)).toEqual(tree);
  });

  it("stores gzip and uncompressed backups too, and deletes a backup with its files", async () => {
    await using database = await freshDatabase("kinds");
    await database.sql.query("CREATE TABLE a (id INT PRIMARY KEY, t TEXT); INSERT INTO a VALUES (1, REPEAT('x', 10000))");
    const sourceId = await addSource(holdfast, "Kinds", database.name);
    for (const [input, name] of [
      [{ compression: "GZIP", compressionLevel: 9 }, "database.sql.gz"],
      [{ compress: false }, "database.sql"],
    ] as const) {
      const { id, status } = await backUp(holdfast, { type: "DATABASE", sourceId, ...input });
      expect(status).toBe("COMPLETED");
      const { artifacts, folder, storage } = await show(id);
      expect(artifacts.map((artifact) => artifact.name)).toEqual([name]);
      expect(await restore(holdfast, { backupId: id, type: "DATABASE", backupBeforeRestore: false })).toMatchObject({
        status: "COMPLETED",
      });
      await holdfast.graphql("mutation ($id: ID!) { pinBackup(id: $id, pinned: true) { pinned } }", { id });
      await expect(holdfast.graphql("mutation ($id: ID!) { deleteBackup(id: $id) }", { id })).rejects.toThrow("CONFLICT");
      await holdfast.graphql("mutation ($id: ID!) { pinBackup(id: $id, pinned: false) { pinned } }", { id });
      await holdfast.graphql("mutation ($id: ID!) { deleteBackup(id: $id) }", { id });
      // Labels that were being written at that moment are taken away right after.
      await vi.waitFor(() => expect(readdir(join(storage.location, folder))).rejects.toThrow("ENOENT"));
      expect(await holdfast.graphql("query ($id: ID!) { backup(id: $id) { id } }", { id })).toEqual({ backup: null });
    }
  });

  it("lets one restore at a time into a source, and no backup beside it", async () => {
    await using database = await freshDatabase("busy");
    await database.sql.query("CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES (1)");
    const sourceId = await addSource(holdfast, "Busy", database.name);
    const { id: backupId } = await backUp(holdfast, { type: "DATABASE", sourceId });
    // Somebody else's lock holds the switch up, so that the restore is certainly still running.
    await database.sql.query("LOCK TABLES a WRITE");
    const id = await beginRestore(holdfast, { backupId, type: "DATABASE", backupBeforeRestore: false });
    await expect(beginRestore(holdfast, { backupId, type: "DATABASE" })).rejects.toThrow("CONFLICT");
    await expect(beginBackup(holdfast, { type: "DATABASE", sourceId })).rejects.toThrow("CONFLICT");
    await database.sql.query("UNLOCK TABLES");
    await follow(holdfast, id);
    expect(await endedRestore(holdfast, id)).toMatchObject({ status: "COMPLETED" });
  });
});

describe("failures of the day", () => {
  it.each([
    ["a wrong password", { password: "wrong" }, "SOURCE_UNAVAILABLE"],
    ["a server that is not there", { socketPath: null, host: "127.0.0.1", port: 1 }, "SOURCE_UNAVAILABLE"],
    ["a database that is not there", { database: "no_such_database" }, "SOURCE_UNAVAILABLE"],
  ])("%s fails the backup with a sentence and a hint, and leaves nothing on the storage", async (name, changes, code) => {
    const { socketPath, user, password } = sharedConnection("");
    const input = { name: `Failing: ${name}`, database: { socketPath, user, password, database: "mysql2", ...changes } };
    const { createSource } = await holdfast.graphql<{ createSource: { id: string } }>(
      "mutation ($input: SourceInput!) { createSource(input: $input) { id } }",
      { input },
    );
    const ended = await backUp(holdfast, { type: "DATABASE", sourceId: createSource.id });
    expect(ended).toMatchObject({ status: "FAILED", error: { code } });
    expect(ended.error?.hint).toBeTruthy();
    expect(JSON.stringify([ended, holdfast.lines])).not.toContain(JSON.stringify(password).slice(1, -1));
    const { folder, storage } = await show(ended.id);
    await expect(readdir(join(storage.location, folder))).rejects.toThrow("ENOENT");
  });

  it("says which media folder is missing", async () => {
    const sourceId = await addSource(holdfast, "No folder", null, [join(await scratchFolder(), "gone")]);
    expect(await backUp(holdfast, { type: "MEDIA", sourceId })).toMatchObject({ status: "FAILED", error: { code: "SOURCE_UNAVAILABLE" } });
  });
});
