import { readdir } from "node:fs/promises";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { expect, it } from "vitest";
import { addSource, backUp, beginBackup, type Ended, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase } from "../support/shared-server.ts";

const backupState = (holdfast: Holdfast, id: string) =>
  holdfast
    .graphql<{ backup: Ended & { folder: string; progress: { phase: string }; storage: { location: string } } }>(
      "query ($id: ID!) { backup(id: $id) { id status folder progress { phase } storage { location } error { code message } } }",
      { id },
    )
    .then(({ backup }) => backup);

it("A server that was frozen for longer than its lease commits nothing when it goes on: another one has taken over", async () => {
  await using database = await freshDatabase("frozen");
  await database.sql.query("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)");
  await using one = await startHoldfast();
  const sourceId = await addSource(one, "Frozen", database.name);
  await database.sql.query("LOCK TABLES t WRITE");
  const id = await beginBackup(one, { type: "DATABASE", sourceId });
  await expect.poll(async () => (await backupState(one, id)).progress.phase).toBe("DATABASE");

  process.kill(one.pid, "SIGSTOP");
  const url = one.env.HOLDFAST_DATABASE_URL ?? "";
  const catalog = await mysql.createConnection({ uri: url, timezone: "Z" });
  await catalog.query("UPDATE backups SET lease_until = now(3) - INTERVAL 1 SECOND WHERE id = ?", [id]);
  await using two = await startHoldfast({ env: { HOLDFAST_DATABASE_URL: url, HOLDFAST_KEY_FILE: join(one.home, "holdfast.key") } });
  const taken = await backupState(two, id);
  expect(taken).toMatchObject({ status: "FAILED", error: { code: "INTERRUPTED" } });

  await database.sql.query("UNLOCK TABLES");
  process.kill(one.pid, "SIGCONT");
  const running = async () => (await one.graphql<{ activeOperations: unknown[] }>("{ activeOperations { operationId } }")).activeOperations;
  expect(await running()).toEqual([]);
  // Its own heartbeat tells it, and it takes back what it had begun to store.
  await expect.poll(() => one.lines.map(({ msg }) => msg)).toContain("operation was taken over");
  await expect.poll(() => readdir(join(taken.storage.location, taken.folder)).catch(() => "gone")).toBe("gone");
  expect(await backupState(one, id)).toMatchObject({ status: "FAILED", error: { code: "INTERRUPTED" } });
  const [log] = await catalog.query("SELECT message FROM operation_log WHERE operation_id = ? ORDER BY sequence", [id]);
  expect(JSON.stringify(log)).not.toContain("The backup is complete");
  expect(await backUp(two, { type: "DATABASE", sourceId })).toMatchObject({ status: "COMPLETED" });
  await catalog.end();
});
