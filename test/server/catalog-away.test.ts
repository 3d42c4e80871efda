import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Manifest } from "../../server/domain/manifest.ts";
import { addSource, backUp, beginBackup, type Ended, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { startMariadb, type TestServer } from "../support/mariadb.ts";
import { freshDatabase } from "../support/shared-server.ts";

interface State extends Ended {
  readonly folder: string;
  readonly progress: { readonly phase: string; readonly percent: number };
  readonly storage: { readonly location: string };
  readonly artifacts: readonly { readonly sha256: string }[];
  readonly log: readonly { readonly sequence: number; readonly message: string }[];
}

let server: TestServer;
let holdfast: Holdfast;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let sourceId: string;
beforeAll(async () => {
  server = await startMariadb();
  await (await server.connect()).query("CREATE DATABASE catalog");
  const url = `mysql://root:${encodeURIComponent(server.password)}@127.0.0.1:${server.port}/catalog`;
  holdfast = await startHoldfast({ env: { HOLDFAST_DATABASE_URL: url } });
  database = await freshDatabase("away");
  await database.sql.query("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)");
  sourceId = await addSource(holdfast, "Away", database.name);
});
afterAll(async () => {
  await holdfast?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
  await server?.stop();
});

const stateOf = async (id: string): Promise<State> =>
  (
    await holdfast.graphql<{ backup: State }>(
      `query ($id: ID!) { backup(id: $id) { id status folder progress { phase percent } storage { location } artifacts { sha256 }
        error { code message hint } log { sequence message } } }`,
      { id },
    )
  ).backup;
const statusOf = async (path: string) => {
  const answer = await fetch(`${holdfast.url}${path}`);
  return { status: answer.status, body: await answer.json() };
};
const manifestAt = async (path: string) => JSON.parse(await readFile(path, "utf8")) as Manifest;

/** Begins a backup that stops in the middle, and takes the catalog away from it there. */
async function cutOff(): Promise<{ id: string; manifest: string }> {
  await database.sql.query("LOCK TABLES t WRITE");
  const id = await beginBackup(holdfast, { type: "DATABASE", sourceId });
  await expect.poll(async () => (await stateOf(id)).progress.phase).toBe("DATABASE");
  const { storage, folder } = await stateOf(id);
  await server.kill();
  return { id, manifest: join(storage.location, folder, "manifest.json") };
}

it("A backup is finished although the catalog is killed in the middle, and stands in it once that is back", async () => {
  const { id, manifest } = await cutOff();
  await expect.poll(() => statusOf("/readyz"), { timeout: 10_000 }).toMatchObject({ status: 503 });
  expect((await statusOf("/readyz")).body).toMatchObject({ notReady: expect.arrayContaining(["catalog"]) });
  expect(await statusOf("/healthz")).toEqual({ status: 200, body: { ok: true } });
  await database.sql.query("UNLOCK TABLES");
  await expect.poll(() => manifestAt(manifest).catch(() => null), { timeout: 20_000 }).toMatchObject({ id });
  expect(await statusOf("/healthz")).toEqual({ status: 200, body: { ok: true } });

  await server.start();
  await expect.poll(async () => (await stateOf(id).catch(() => null))?.status, { timeout: 20_000 }).toBe("COMPLETED");
  const state = await stateOf(id);
  expect(state).toMatchObject({ error: null, progress: { percent: 100 } });
  expect(state.artifacts.map(({ sha256 }) => sha256)).toEqual((await manifestAt(manifest)).artifacts.map(({ sha256 }) => sha256));
  // What was said while nobody could write it down stands in its place, and nothing twice.
  expect(state.log.map(({ sequence }) => sequence)).toEqual(state.log.map((_, index) => index + 1));
  const told = ["Database away", "Stored database.sql", "The catalog is away.", "The catalog was away from", "The backup is complete."];
  const places = told.map((text) => state.log.findIndex(({ message }) => message.startsWith(text)));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
  await expect.poll(() => statusOf("/readyz"), { timeout: 20_000 }).toMatchObject({ status: 200 });
  expect(await backUp(holdfast, { type: "DATABASE", sourceId })).toMatchObject({ status: "COMPLETED" });
});

it("A backup that was finished without the catalog is found by the next start, when Holdfast was killed before that was back", async () => {
  const { id, manifest } = await cutOff();
  await database.sql.query("UNLOCK TABLES");
  await expect.poll(() => manifestAt(manifest).catch(() => null), { timeout: 20_000 }).toMatchObject({ id });
  await holdfast.kill();
  await server.start();
  await holdfast.restart();
  expect(await stateOf(id)).toMatchObject({ status: "COMPLETED", error: null });
});
