import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOf, command } from "../support/command.ts";
import { addSource, backUp, follow, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { freshDatabase, sharedConnection } from "../support/shared-server.ts";

let holdfast: Holdfast;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let sourceId: string;
beforeAll(async () => {
  [holdfast, database] = [await startHoldfast(), await freshDatabase("options")];
  await database.sql.query("CREATE TABLE goods (id INT PRIMARY KEY); INSERT INTO goods VALUES (1), (2)");
  sourceId = await addSource(holdfast, "Shop", database.name);
});
afterAll(async () => {
  await holdfast[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const fields = "databaseEngine mediaMode threads bytesPerSecond lowPriority";
type Options = Readonly<Record<string, unknown>>;
const usual = { databaseEngine: "AUTO", mediaMode: "ARCHIVE", threads: null, bytesPerSecond: null, lowPriority: true };
const own = { databaseEngine: "MYSQLDUMP", mediaMode: "INCREMENTAL", threads: 3, bytesPerSecond: 25_000_000, lowPriority: false };

async function optionsOf(): Promise<Options> {
  return (await holdfast.graphql<{ source: Options }>(`query ($id: ID!) { source(id: $id) { ${fields} } }`, { id: sourceId })).source;
}
async function change(options: Options): Promise<Options> {
  const { socketPath, user } = sharedConnection("");
  const input = { name: "Shop", database: { socketPath, user, database: database.name }, ...options };
  const document = `mutation ($id: ID!, $input: SourceInput!) { updateSource(id: $id, input: $input) { ${fields} } }`;
  return (await holdfast.graphql<{ updateSource: Options }>(document, { id: sourceId, input })).updateSource;
}
const readingOf = async (id: string) => {
  const document =
    "query ($id: ID!) { backup(id: $id) { databaseEngine engineUsed engineReason sourceLoad { connections busiest average lockMilliseconds bytesPerSecond } } }";
  return (await holdfast.graphql<{ backup: Options }>(document, { id })).backup;
};

describe("how a source is backed up", () => {
  it("needs nothing to be said; what is said is kept, what is left out stays, and the audit tells it", async () => {
    expect(await optionsOf()).toEqual(usual);
    expect(await change(own)).toEqual(own);
    expect(await change({ threads: null })).toEqual({ ...own, threads: null });
    expect(await change({})).toEqual({ ...own, threads: null });
    expect(await change({ bytesPerSecond: null, lowPriority: true, databaseEngine: "AUTO", mediaMode: "ARCHIVE" })).toEqual(usual);
    const { auditLog } = await holdfast.graphql<{ auditLog: { nodes: { action: string; details: Options }[] } }>(
      "{ auditLog(first: 10) { nodes { action details } } }",
    );
    expect(auditLog.nodes.filter(({ action, details }) => action === "source.update" && details.threads === 3)).toEqual([
      { action: "source.update", details: expect.objectContaining(own) },
    ]);
  });

  it.each([
    [{ threads: 0 }, /^BAD_USER_INPUT: A source's threads are a whole number from 1 to 64\. Null takes/],
    [{ threads: 65 }, /^BAD_USER_INPUT: A source's threads/],
    [{ bytesPerSecond: 99_999 }, /^BAD_USER_INPUT: A source's bytes per second are a whole number, and at least 100 kB\. .*snapshot/],
    [{ databaseEngine: "MYDUMPER" }, /MYDUMPER.*does not exist in "DatabaseEngine"/],
    [{ mediaMode: "TAPE" }, /TAPE.*does not exist in "MediaMode"/],
    [{ bytesPerSecond: "fast" }, /SafeInt|not an integer|fast/],
  ])("is refused as %j, and stays as it was", async (options, message) => {
    await expect(change(options)).rejects.toThrow(message);
    expect(await optionsOf()).toEqual(usual);
  });

  it("is changed on the command line too", async () => {
    const update = (...options: string[]) => answerOf<Options>(holdfast.env, "update-source", "Shop", ...options);
    expect(
      await update("--engine", "mysqldump", "--media-mode", "incremental", "--threads", "2", "--speed", "20000000", "--no-low-priority"),
    ).toMatchObject({
      name: "Shop",
      databaseEngine: "MYSQLDUMP",
      mediaMode: "INCREMENTAL",
      threads: 2,
      bytesPerSecond: 20_000_000,
      lowPriority: false,
    });
    expect(await command(holdfast.env, ["update-source", sourceId, "--speed", "none"])).toEqual({
      code: 0,
      stdout: "Shop: its database is read by the dump program, 2 threads at most, no limit of speed, taking turns with all else.\n",
      stderr: "",
    });
    for (const [options, message] of [
      [["--threads", "65"], /whole number from 1 to 64/],
      [["--speed", "fast"], /whole number of bytes, or none/],
      [["--engine", "mydumper"], /auto, mysqldump, parallel/],
      [[], /Nothing to change was given/],
    ] as const)
      expect(await command(holdfast.env, ["update-source", "Shop", ...options])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(message),
      });
    expect(await command(holdfast.env, ["update-source", "Nowhere", "--threads", "1"])).toMatchObject({ code: 1 });
    expect(await update("--engine", "auto", "--media-mode", "archive", "--threads", "none", "--low-priority")).toMatchObject(usual);
  });

  it("goes with an exported configuration and comes back with it; a file from before leaves it as it is", async () => {
    await change(own);
    const { exportConfiguration } = await holdfast.graphql<{ exportConfiguration: { content: string } }>(
      "mutation { exportConfiguration { content } }",
    );
    const importing = (content: string) =>
      holdfast.graphql<{ importConfiguration: { changed: string[]; problems: string[]; applied: boolean } }>(
        "mutation ($content: String!) { importConfiguration(content: $content, dryRun: false) { changed problems applied } }",
        { content },
      );
    await change(usual);
    expect((await importing(exportConfiguration.content)).importConfiguration).toMatchObject({
      changed: ["The source Shop is changed."],
      problems: [],
      applied: true,
    });
    expect(await optionsOf()).toEqual(own);
    const before = JSON.parse(exportConfiguration.content) as { sources: Record<string, unknown>[] };
    for (const source of before.sources) for (const field of Object.keys(own)) delete source[field];
    expect((await importing(JSON.stringify(before))).importConfiguration).toMatchObject({ changed: [], problems: [], applied: true });
    expect(await optionsOf()).toEqual(own);
    await change(usual);
  });
});

describe("a backup", () => {
  it("is read as its source says, or as it was asked for, and tells how and what that asked of the server", async () => {
    await change({ databaseEngine: "MYSQLDUMP" });
    const asSource = await backUp(holdfast, { type: "DATABASE" });
    const asAsked = await backUp(holdfast, { type: "DATABASE", databaseEngine: "AUTO" });
    expect(await readingOf(asSource.id)).toMatchObject({
      databaseEngine: "MYSQLDUMP",
      engineUsed: "MYSQLDUMP",
      engineReason: "It was asked for.",
      sourceLoad: { connections: 1, busiest: expect.any(Number), lockMilliseconds: null, bytesPerSecond: expect.any(Number) },
    });
    expect(await readingOf(asAsked.id)).toMatchObject({
      databaseEngine: "AUTO",
      engineUsed: "MYSQLDUMP",
      engineReason: expect.stringMatching(/^The database is small: /),
      sourceLoad: { connections: 1 },
    });
    const shown = await command(holdfast.env, ["show-backup", asSource.id]);
    expect(shown.stdout).toMatch(
      /\n {2}read by the dump program\. It was asked for\.\n {2}load on the source: 1 connection, .* a second, .*nothing was locked\n/,
    );
    const made = await answerOf<Options>(holdfast.env, "create-backup", "--engine", "auto");
    expect(made).toMatchObject({ databaseEngine: "AUTO", status: "COMPLETED" });
    await change(usual);
  });

  it("of a schedule is read as the schedule says; one that says nothing leaves it to the source", async () => {
    await change({ databaseEngine: "PARALLEL" });
    const made = await answerOf<{ id: string; databaseEngine: string }>(
      holdfast.env,
      ...["create-schedule", "--name", "Own", "--at", "03:00", "--engine", "mysqldump", "--paused"],
    );
    expect(made.databaseEngine).toBe("MYSQLDUMP");
    const input = { name: "Silent", frequency: "DAILY", timeOfDay: "04:00", backupType: "DATABASE" };
    const { createSchedule } = await holdfast.graphql<{ createSchedule: { id: string; databaseEngine: null } }>(
      "mutation ($input: ScheduleInput!) { createSchedule(input: $input) { id databaseEngine } }",
      { input },
    );
    expect(createSchedule.databaseEngine).toBeNull();
    const read: Options[] = [];
    for (const id of [made.id, createSchedule.id]) {
      const { runSchedule } = await holdfast.graphql<{ runSchedule: { id: string } }>(
        "mutation ($id: ID!) { runSchedule(id: $id) { id } }",
        {
          id,
        },
      );
      await follow(holdfast, runSchedule.id);
      read.push(await readingOf(runSchedule.id));
    }
    expect(read).toMatchObject([
      { databaseEngine: "MYSQLDUMP", engineUsed: "MYSQLDUMP", sourceLoad: { lockMilliseconds: null } },
      { databaseEngine: "PARALLEL", engineUsed: "PARALLEL", sourceLoad: { lockMilliseconds: expect.any(Number) } },
    ]);
    await change(usual);
  });
});
