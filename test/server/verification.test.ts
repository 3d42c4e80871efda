import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findServersBelow } from "../../server/db/embedded/processes.ts";
import type { Progress } from "../../server/domain/progress.ts";
import { addSource, backUp, beginBackup, type Ended, follow, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase } from "../support/shared-server.ts";
import { makeTree, scratchFolder } from "../support/trees.ts";

interface Verification extends Ended {
  readonly level: string;
  readonly passed: boolean | null;
  readonly problems: readonly string[];
  readonly tables: readonly { readonly table: string; readonly matches: boolean }[];
  readonly filesChecked: number | null;
  readonly bytesChecked: number | null;
  readonly restoreSeconds: number | null;
  readonly log: readonly { readonly message: string }[];
}
const details =
  "id status level passed problems tables { table expectedRows restoredRows matches problem } filesChecked bytesChecked restoreSeconds error { code message hint } log { message }";

interface Badges {
  readonly warnings: readonly string[];
  readonly provenAt: string | null;
  readonly lastVerification: Verification | null;
  readonly verifications: readonly { readonly id: string }[];
  readonly folder: string;
  readonly storage: { readonly location: string };
  readonly source: { readonly lastProven: { readonly id: string } | null; readonly measuredRestoreSeconds: number | null };
}
const backupOf = async (holdfast: Holdfast, id: string) =>
  (
    await holdfast.graphql<{ backup: Badges }>(
      `query ($id: ID!) { backup(id: $id) { warnings provenAt lastVerification { ${details} } verifications { id }
        folder storage { location } source { lastProven { id } measuredRestoreSeconds } } }`,
      { id },
    )
  ).backup;

const begin = async (holdfast: Holdfast, id: string, level = "RESTORE") =>
  (
    await holdfast.graphql<{ verifyBackup: { id: string } }>(
      "mutation ($id: ID!, $level: VerificationLevel!) { verifyBackup(id: $id, level: $level) { id } }",
      { id, level },
    )
  ).verifyBackup.id;

const verificationOf = async (holdfast: Holdfast, id: string) =>
  (await holdfast.graphql<{ verification: Verification }>(`query ($id: ID!) { verification(id: $id) { ${details} } }`, { id }))
    .verification;

async function verify(holdfast: Holdfast, id: string, level?: string): Promise<Verification> {
  const verification = await begin(holdfast, id, level);
  await follow(holdfast, verification);
  return verificationOf(holdfast, verification);
}

/** A source with a database and media, and a completed backup of it. */
async function shopOn(holdfast: Holdfast) {
  const database = await freshDatabase("shop");
  await database.sql.query(`
    CREATE TABLE goods (id INT PRIMARY KEY, name TEXT);
    INSERT INTO goods VALUES (1, 'a'), (2, 'b'), (3, 'c');
    CREATE TABLE visits (page VARCHAR(20)) ENGINE = MyISAM;
    INSERT INTO visits VALUES ('home');
    CREATE VIEW cheap AS SELECT * FROM goods WHERE id < 3;
  `);
  const media = await makeTree(join(await scratchFolder(), "media"), { "a.txt": "a", "b/c.txt": "c" });
  const sourceId = await addSource(holdfast, "Shop", database.name, [media]);
  return { database, sourceId };
}

/** Begins a drill and holds it up by stopping its server; `server` goes on when it is asked to, or never. */
async function heldDrill(holdfast: Holdfast, backupId: string): Promise<string> {
  const id = await begin(holdfast, backupId);
  for (;;) {
    const [server] = await findServersBelow(join(holdfast.home, "work"));
    if (server) {
      process.kill(server.pid, "SIGSTOP");
      return id;
    }
    await new Promise(setImmediate);
  }
}
const left = async (holdfast: Holdfast) => ({
  servers: await findServersBelow(join(holdfast.home, "work")),
  folders: await readdir(join(holdfast.home, "work")),
});
const nothing = { servers: [], folders: [] };

describe("a backup that is asked for with a drill", () => {
  it("is proven by itself, and says so wherever it stands", async () => {
    await using holdfast = await startHoldfast();
    const { database, sourceId } = await shopOn(holdfast);
    await using _ = database;
    const changes = holdfast.subscribe<{ verificationChanged: { id: string; status: string; backup: { id: string } } }>(
      "subscription { verificationChanged { id status backup { id } } }",
    );
    const shown = holdfast.subscribe<{ backupChanged: { id: string; status: string; lastVerification: { status: string } | null } }>(
      "subscription { backupChanged { id status lastVerification { status } } }",
    );
    const [firstChange, firstShown] = [changes.next(), shown.next()];
    // The subscriptions are there when the server has answered something that was sent after them.
    await holdfast.graphql("{ activeOperations { operationId } }");
    const backupId = await beginBackup(holdfast, { type: "FULL", sourceId, verify: "RESTORE" });

    const { verificationChanged: waiting } = (await firstChange).value;
    expect(waiting.backup.id).toBe(backupId);
    const progress = await follow(holdfast, waiting.id);
    expect(progress.at(-1)).toMatchObject({ kind: "VERIFICATION", status: "COMPLETED", percent: 100 });
    for await (const { backupChanged } of { [Symbol.asyncIterator]: () => shown })
      if (backupChanged.lastVerification?.status === "COMPLETED") break;
    await Promise.all([firstShown, changes.return?.()]);

    const backup = await backupOf(holdfast, backupId);
    expect(backup.lastVerification).toMatchObject({
      id: waiting.id,
      status: "COMPLETED",
      level: "RESTORE",
      passed: true,
      problems: [],
      filesChecked: 2,
    });
    expect(backup.lastVerification?.tables).toEqual([
      { table: "goods", expectedRows: 3, restoredRows: 3, matches: true, problem: null },
      { table: "visits", expectedRows: 1, restoredRows: 1, matches: true, problem: null },
    ]);
    expect(backup.provenAt).not.toBeNull();
    expect(backup.verifications).toEqual([{ id: waiting.id }]);
    expect(backup.source.lastProven).toEqual({ id: backupId });
    expect(backup.source.measuredRestoreSeconds).toBe(backup.lastVerification?.restoreSeconds);
    expect(backup.warnings).toEqual([expect.stringMatching(/^Table visits \(MyISAM\) is outside the consistent snapshot/)]);
    expect(backup.lastVerification?.log.map(({ message }) => message).at(-1)).toMatch(/^Passed: 2 tables with 4 rows and 2 files/);
    expect(await left(holdfast)).toEqual(nothing);
  });
});

describe("a verification", () => {
  it("that finds damage completes, does not pass, and leaves the backup to be restored by whoever wants to", async () => {
    await using holdfast = await startHoldfast();
    const { database, sourceId } = await shopOn(holdfast);
    await using _ = database;
    const { id } = await backUp(holdfast, { type: "FULL", sourceId });
    expect(await backupOf(holdfast, id)).toMatchObject({
      provenAt: null,
      lastVerification: null,
      source: { lastProven: null, measuredRestoreSeconds: null },
    });
    expect(await verify(holdfast, id, "CHECKSUM")).toMatchObject({ status: "COMPLETED", passed: true, tables: [], restoreSeconds: null });
    expect(await backupOf(holdfast, id)).toMatchObject({ provenAt: null, lastVerification: { passed: true } });
    expect(await verify(holdfast, id)).toMatchObject({ status: "COMPLETED", passed: true });

    const { folder, storage } = await backupOf(holdfast, id);
    await writeFile(join(storage.location, folder, "database.sql.zst"), "no dump");
    for (const level of ["CHECKSUM", "RESTORE"]) {
      const damaged = await verify(holdfast, id, level);
      expect(damaged).toMatchObject({
        status: "COMPLETED",
        passed: false,
        error: null,
        problems: [expect.stringMatching(/^database\.sql\.zst/)],
      });
      expect(damaged.log.map(({ message }) => message)).toContain(damaged.problems[0]);
    }
    expect(await backupOf(holdfast, id)).toMatchObject({ lastVerification: { passed: false }, provenAt: expect.any(String) });
    expect(await left(holdfast)).toEqual(nothing);
  });

  it("keeps its backup, is one at a time, and ends when it is cancelled with nothing left", async () => {
    await using holdfast = await startHoldfast();
    const { database, sourceId } = await shopOn(holdfast);
    await using _ = database;
    const { id } = await backUp(holdfast, { type: "DATABASE", sourceId });
    const drill = await heldDrill(holdfast, id);
    await expect(begin(holdfast, id, "CHECKSUM")).rejects.toThrow("CONFLICT");
    await expect(holdfast.graphql("mutation ($id: ID!) { deleteBackup(id: $id) }", { id })).rejects.toThrow("CONFLICT");
    const { activeOperations } = await holdfast.graphql<{ activeOperations: Progress[] }>("{ activeOperations { operationId kind } }");
    expect(activeOperations).toEqual([{ operationId: drill, kind: "VERIFICATION" }]);
    await holdfast.graphql("mutation ($id: ID!) { cancelOperation(id: $id) }", { id: drill });
    await follow(holdfast, drill);
    expect(await verificationOf(holdfast, drill)).toMatchObject({ status: "CANCELLED", passed: null, error: { code: "CANCELLED" } });
    expect(await left(holdfast)).toEqual(nothing);
    expect(await holdfast.graphql("mutation ($id: ID!) { deleteBackup(id: $id) }", { id })).toEqual({ deleteBackup: true });
    expect(await holdfast.graphql(`query ($id: ID!) { verification(id: $id) { id } }`, { id: drill })).toEqual({ verification: null });
  });

  it("whose server is killed is interrupted, and what it left is swept at the next start", async () => {
    await using holdfast = await startHoldfast();
    const { database, sourceId } = await shopOn(holdfast);
    await using _ = database;
    const { id } = await backUp(holdfast, { type: "DATABASE", sourceId });
    const drill = await heldDrill(holdfast, id);
    await holdfast.kill();
    expect((await left(holdfast)).folders).toHaveLength(1);
    await holdfast.restart();
    expect(await left(holdfast)).toEqual(nothing);
    expect(await verificationOf(holdfast, drill)).toMatchObject({ status: "FAILED", passed: null, error: { code: "INTERRUPTED" } });
    expect(await verify(holdfast, id)).toMatchObject({ status: "COMPLETED", passed: true });
  });

  it("is refused for a backup that is not complete, or not there", async () => {
    await using holdfast = await startHoldfast();
    const sourceId = await addSource(holdfast, "Gone", "no_such_database");
    const { id } = await backUp(holdfast, { type: "DATABASE", sourceId, verify: "CHECKSUM" });
    await expect(begin(holdfast, id)).rejects.toThrow("BAD_USER_INPUT");
    await expect(begin(holdfast, "00000000-0000-4000-8000-000000000000")).rejects.toThrow("NOT_FOUND");
    expect(await backupOf(holdfast, id)).toMatchObject({ verifications: [], warnings: [] });
  });
});
