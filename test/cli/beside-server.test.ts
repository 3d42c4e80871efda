import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Progress } from "../../server/domain/progress.ts";
import { answerOf, processesWith, startCommand } from "../support/command.ts";
import { heldUp } from "../support/held-up.ts";
import { addSource, follow, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase } from "../support/shared-server.ts";

let holdfast: Holdfast;
let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  [holdfast, database] = [await startHoldfast({ embedded: true }), await freshDatabase("beside")];
  await database.sql.query("CREATE TABLE goods (id INT PRIMARY KEY); INSERT INTO goods VALUES (1), (2)");
  await addSource(holdfast, "Beside", database.name);
});
afterAll(async () => {
  await holdfast[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** The first backup of this name that the server tells of. */
async function toldOf(name: string): Promise<string> {
  for await (const { backupChanged } of holdfast.subscribe<{ backupChanged: { id: string; name: string } }>(
    "subscription { backupChanged { id name } }",
  ))
    if (backupChanged.name === name) return backupChanged.id;
  throw new Error("The server ended");
}

const statusOf = async (id: string) =>
  (
    await holdfast.graphql<{ backup: { status: string; trigger: string } }>("query ($id: ID!) { backup(id: $id) { status trigger } }", {
      id,
    })
  ).backup;

describe("a command beside a running server", () => {
  it("works on the same catalog, live on the server's API, and leaves the server up", async () => {
    const told = toldOf("Beside the server");
    // Somebody's lock holds the dump up, so that it is certainly under way while the server is asked.
    const release = await heldUp(database, "goods");
    const { outcome, saw } = startCommand(holdfast.env, "create-backup", "--name", "Beside the server", "--json");
    await saw(/^database$/m);
    const id = await told;
    const active = async () =>
      (await holdfast.graphql<{ activeOperations: Progress[] }>("{ activeOperations { operationId phase } }")).activeOperations;
    await expect.poll(active).toEqual([{ operationId: id, phase: "DATABASE" }]);
    const [events, lines] = [follow(holdfast, id), logOf(id)];
    await release();
    expect(await outcome).toMatchObject({ code: 0 });
    const seen = await events;
    expect(seen.length).toBeGreaterThan(1);
    expect(seen[0]).toMatchObject({ status: "RUNNING", phase: "DATABASE" });
    expect(seen.at(-1)).toMatchObject({ status: "COMPLETED", percent: 100 });
    expect((await lines).at(-1)).toBe("The backup is complete.");
    expect(await statusOf(id)).toEqual({ status: "COMPLETED", trigger: "CLI" });
    const { backups } = await answerOf<{ backups: { id: string }[] }>(holdfast.env, "list-backups");
    expect(backups.map((backup) => backup.id)).toEqual([id]);
    expect(await statusOf(id)).toMatchObject({ status: "COMPLETED" });
  });

  it("is told of on the server however short its operation is", async () => {
    const told = toldOf("Short");
    const [{ id }] = await Promise.all([answerOf<{ id: string }>(holdfast.env, "create-backup", "--name", "Short")]);
    expect(await told).toBe(id);
  });

  it("ends when its operation is cancelled on the server", async () => {
    const told = toldOf("Cancelled there");
    const release = await heldUp(database, "goods");
    const { outcome, saw } = startCommand(holdfast.env, "create-backup", "--name", "Cancelled there");
    await saw(/^database$/m);
    expect(await holdfast.graphql("mutation ($id: ID!) { cancelOperation(id: $id) }", { id: await told })).toEqual({
      cancelOperation: true,
    });
    expect(await outcome).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/Cancelled\.\n$/) });
    await release();
    expect(await statusOf(await told)).toMatchObject({ status: "CANCELLED" });
  });

  it("is no reason for the server to stop otherwise than cleanly", async () => {
    await holdfast.kill("SIGTERM");
    expect(holdfast.lines.at(-1)?.msg).toBe("stopped");
    expect(holdfast.lines.filter(({ level }) => level !== "info")).toEqual([]);
    expect(await processesWith(holdfast.home)).toEqual([]);
  });
});

async function logOf(id: string): Promise<string[]> {
  const messages: string[] = [];
  for await (const { operationLog } of holdfast.subscribe<{ operationLog: { message: string } }>(
    "subscription ($id: ID!) { operationLog(id: $id) { message } }",
    { id },
  ))
    messages.push(operationLog.message);
  return messages;
}
