import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Progress } from "../../server/domain/progress.ts";
import {
  addSource,
  backUp,
  beginBackup,
  beginRestore,
  type Ended,
  endedRestore,
  follow,
  type Holdfast,
  startHoldfast,
} from "../support/holdfast.ts";
import { leftovers, makeNasty, portrait } from "../support/nasty.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { makeTree, readTree, scratchFolder } from "../support/trees.ts";

/** Waits until the operation reports the phase. */
async function phaseReached(holdfast: Holdfast, id: string, phase: string): Promise<void> {
  const document = "subscription ($id: ID!) { operationProgress(id: $id) { phase } }";
  for await (const { operationProgress } of holdfast.subscribe<{ operationProgress: Pick<Progress, "phase"> }>(document, { id }))
    if (operationProgress.phase === phase) return;
  throw new Error(`The operation ended without the phase ${phase}`);
}

/** The processes that have this word in their command line. */
async function processesWith(word: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(word));
}

/** Waits until no process has the word: the kernel ends orphans a moment after their parent. */
async function gone(word: string): Promise<void> {
  await expect.poll(() => processesWith(word), { timeout: 5000 }).toEqual([]);
}

const backupState = (holdfast: Holdfast, id: string) =>
  holdfast
    .graphql<{ backup: Ended & { folder: string; storage: { location: string } } }>(
      "query ($id: ID!) { backup(id: $id) { id status folder storage { location } error { code message hint } } }",
      { id },
    )
    .then(({ backup }) => backup);

/** A database in which a dump, or a switch, stops at a table that somebody has locked, until `release`. */
async function blockedDatabase() {
  const database = await freshDatabase("blocked");
  await makeNasty(database.connection);
  await database.sql.query("CREATE TABLE zz_last (id INT PRIMARY KEY, t TEXT); INSERT INTO zz_last VALUES (1, 'one')");
  return { database, block: () => database.sql.query("LOCK TABLES zz_last WRITE"), release: () => database.sql.query("UNLOCK TABLES") };
}

describe("a killed server", () => {
  it("in mid-backup leaves no child and no half backup, and says so after the next start", async () => {
    const { database, block, release } = await blockedDatabase();
    await using _ = database;
    await using holdfast = await startHoldfast();
    const sourceId = await addSource(holdfast, "Killed", database.name);
    const kept = await backUp(holdfast, { type: "DATABASE", sourceId });
    await block();
    const id = await beginBackup(holdfast, { type: "DATABASE", sourceId });
    await phaseReached(holdfast, id, "DATABASE");
    const waiting = await beginBackup(holdfast, { type: "DATABASE", sourceId, name: "Second" });
    const third = await beginBackup(holdfast, { type: "DATABASE", sourceId, name: "Third" });
    await holdfast.kill();
    await gone(`--\0${database.name}`);
    await release();

    await holdfast.restart();
    const state = await backupState(holdfast, id);
    expect(state).toMatchObject({ status: "FAILED", error: { code: "INTERRUPTED" } });
    await expect(readdir(join(state.storage.location, state.folder))).rejects.toThrow("ENOENT");
    // What waited outlives the process; what was complete stays complete.
    await follow(holdfast, third);
    expect(await backupState(holdfast, third)).toMatchObject({ status: "COMPLETED" });
    expect(["COMPLETED", "FAILED"]).toContain((await backupState(holdfast, waiting)).status);
    expect(await backupState(holdfast, kept.id)).toMatchObject({ status: "COMPLETED" });
  });

  it.each(["DATABASE", "SWITCHING"])("in mid-restore, at %s, leaves the target as it was, and nothing beside it", async (phase) => {
    const { database, block, release } = await blockedDatabase();
    await using _ = database;
    const media = await makeTree(join(await scratchFolder(), "media"), { "a.txt": "old", "b/c.txt": "old too" });
    await using holdfast = await startHoldfast();
    const sourceId = await addSource(holdfast, "Killed", database.name, [media]);
    const { id: backupId } = await backUp(holdfast, { type: "FULL", sourceId });
    await database.sql.query("UPDATE zz_last SET t = 'two'; CREATE TABLE newer (id INT PRIMARY KEY)");
    await makeTree(media, { "newer.txt": "newer" });
    const [before, tree] = [await portrait(database.sql, database.name), await readTree(media)];

    await block();
    const id = await beginRestore(holdfast, { backupId, type: "FULL", backupBeforeRestore: false });
    await phaseReached(holdfast, id, phase);
    await holdfast.kill();
    await release();
    await holdfast.restart();

    expect(await endedRestore(holdfast, id)).toMatchObject({ status: "FAILED", error: { code: "INTERRUPTED" } });
    expect(await portrait(database.sql, database.name)).toEqual(before);
    expect(await readTree(media)).toEqual(tree);
    expect(await leftovers(database.sql, id)).toEqual([]);
    expect(await readdir(join(media, ".."))).toEqual(["media"]);
  });
});

describe("a server killed in mid-restore in place", () => {
  it("puts the pre-restore backup back at the next start", async () => {
    const { database, block, release } = await blockedDatabase();
    await using _ = database;
    const media = await makeTree(join(await scratchFolder(), "media"), { "a.txt": "old", "b/c.txt": "old too" });
    await using holdfast = await startHoldfast();
    const sourceId = await addSource(holdfast, "Killed in place", database.name, [media]);
    const { id: backupId } = await backUp(holdfast, { type: "FULL", sourceId });
    await database.sql.query("UPDATE zz_last SET t = 'two'; CREATE TABLE newer (id INT PRIMARY KEY)");
    await makeTree(media, { "newer.txt": "newer" });
    const [before, tree] = [await portrait(database.sql, database.name), await readTree(media)];

    const id = await beginRestore(holdfast, { backupId, type: "FULL", staged: false });
    // Locked only when the safety copy is taken, so that the emptying of the target stops half way.
    await safetyCopyTaken(holdfast, id);
    await block();
    // Certainly half way: the views are gone, and the tables wait for the lock.
    await using other = await freshDatabase("watch");
    const views = async () => {
      const [rows] = await other.sql.query("SELECT COUNT(*) AS views FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?", [
        database.name,
      ]);
      return (rows as { views: number }[])[0]?.views;
    };
    await expect.poll(views, { timeout: 30_000, interval: 20 }).toBe(0);
    await holdfast.kill();
    await release();
    await holdfast.restart();

    expect(await endedRestore(holdfast, id)).toMatchObject({ status: "FAILED", error: { code: "INTERRUPTED" } });
    expect(await portrait(database.sql, database.name)).toEqual(before);
    // In place the folder itself stays, and its time tells that something was done in it.
    const { ".": _folder, ...content } = tree;
    expect(await readTree(media)).toMatchObject(content);
    expect(Object.keys(await readTree(media))).toEqual(Object.keys(tree));
  });
});

/** Waits until the restore's pre-restore backup is complete. */
async function safetyCopyTaken(holdfast: Holdfast, id: string): Promise<void> {
  const copy = async () =>
    (
      await holdfast.graphql<{ restore: { preRestoreBackup: { status: string } | null } }>(
        "query ($id: ID!) { restore(id: $id) { preRestoreBackup { status } } }",
        { id },
      )
    ).restore.preRestoreBackup?.status;
  await expect.poll(copy, { timeout: 30_000, interval: 20 }).toBe("COMPLETED");
}

describe("a cancelled operation", () => {
  it("ends while what it waits for is still held, with no child and no file left", async () => {
    const { database, block, release } = await blockedDatabase();
    await using _ = database;
    await using holdfast = await startHoldfast();
    const sourceId = await addSource(holdfast, "Cancelled", database.name);
    await block();
    const id = await beginBackup(holdfast, { type: "DATABASE", sourceId });
    await phaseReached(holdfast, id, "DATABASE");
    const ending = follow(holdfast, id);
    expect(await holdfast.graphql("mutation ($id: ID!) { cancelOperation(id: $id) }", { id })).toEqual({ cancelOperation: true });
    expect((await ending).at(-1)).toMatchObject({ status: "CANCELLED" });
    const state = await backupState(holdfast, id);
    expect(state).toMatchObject({ status: "CANCELLED", error: { code: "CANCELLED" } });
    await expect(readdir(join(state.storage.location, state.folder))).rejects.toThrow("ENOENT");
    await gone(`--\0${database.name}`);
    await release();
    expect(await holdfast.graphql("mutation ($id: ID!) { cancelOperation(id: $id) }", { id })).toEqual({ cancelOperation: false });
  });
});

describe("a stopped server", () => {
  it("cancels what runs, leaves nothing behind, and ends with status 0", async () => {
    const { database, block, release } = await blockedDatabase();
    await using _ = database;
    await using holdfast = await startHoldfast();
    const sourceId = await addSource(holdfast, "Stopped", database.name);
    await block();
    const id = await beginBackup(holdfast, { type: "DATABASE", sourceId });
    await phaseReached(holdfast, id, "DATABASE");
    await holdfast.kill("SIGTERM");
    await release();
    expect(holdfast.lines.at(-1)?.msg).toBe("stopped");
    await gone(`--\0${database.name}`);
    await holdfast.restart();
    expect(await backupState(holdfast, id)).toMatchObject({ status: "CANCELLED" });
  });
});
