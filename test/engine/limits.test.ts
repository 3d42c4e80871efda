import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../server/domain/connection.ts";
import type { LoadNow, SourceLoad } from "../../server/domain/source-load.ts";
import { runBackup } from "../../server/engine/backup.ts";
import { findTools } from "../../server/engine/database/tools.ts";
import { watchingLoad } from "../../server/engine/load-watch.ts";
import { restoreStaged } from "../../server/engine/restore.ts";
import { contentOf } from "../../server/engine/stored-content.ts";
import { aboutBackup } from "../support/about.ts";
import { memoryStorage } from "../support/memory-storage.ts";
import { freshDatabase } from "../support/shared-server.ts";

/** The niceness of each process that this one started, by its program. */
function nicenessOfChildren(): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    try {
      const [, program = "", rest = ""] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      const fields = rest.split(" ");
      // What starts them is not yet slow itself.
      if (Number(fields[1]) === process.pid && !/^(?:setpriv|nice)$/.test(program)) found.set(program, Number(fields[16]));
    } catch {
      // It has ended since.
    }
  return found;
}

let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  database = await freshDatabase("limits");
  await database.sql.query("CREATE TABLE goods (id INT PRIMARY KEY, text TEXT)");
  const row = (id: number) => `(${id}, '${"x".repeat(4000)}')`;
  await database.sql.query(`INSERT INTO goods VALUES ${Array.from({ length: 150 }, (_, id) => row(id)).join(",")}`);
});
afterAll(() => database[Symbol.asyncDispose]());

describe("a restore with limits", () => {
  it("gives way to all else, with all that loads", async () => {
    const tools = await findTools(null);
    const [storage, folder, signal] = [memoryStorage(), "shop/backup", new AbortController().signal];
    const manifest = await runBackup(
      {
        ...{ storage, folder, packing: { compression: "ZSTD", level: 1 }, media: null },
        database: { connection: database.connection, tools, ratio: null, engine: "PARALLEL" },
        about: aboutBackup({ type: "DATABASE", compression: "ZSTD" }),
        now: () => new Date(),
      },
      { signal, say: () => {}, report: () => {} },
    );
    const seen = new Map<string, number>();
    const look = () => {
      for (const [program, niceness] of nicenessOfChildren()) seen.set(program, niceness);
    };
    const watch = setInterval(look, 5);
    const plan = {
      ...{ restoreId: "0f6bd1b8-5b0c-4a52-9d3a-1f2e3d4c5b6a", content: contentOf({ storage, folder, manifest }), mode: "REPLACE" as const },
      ...{ target: { database: { connection: database.connection, tools, make: false }, media: null }, tables: null, paths: null },
      ...{ journal: async () => {}, now: () => new Date(), limits: { threads: 1, bytesPerSecond: null, lowPriority: true } },
    } as const;
    await restoreStaged(plan, { signal, say: () => {}, report: look }, { before: 0, expected: 1 });
    clearInterval(watch);
    const loader = [...seen].filter(([program]) => /node|MainThread/.test(program));
    expect(new Set(loader.map(([, niceness]) => niceness))).toEqual(new Set([Math.min(getPriority() + 10, 19)]));
    const [rows] = await database.sql.query("SELECT COUNT(*) AS count FROM goods");
    expect(rows).toEqual([{ count: 150 }]);
  });
});

describe("a backup with limits", () => {
  it("reads no faster than it may, gives way to all else, and tells what it asked of the source", async () => {
    const [said, loads]: [string[], SourceLoad[]] = [[], []];
    const seen = new Map<string, number>();
    const told: LoadNow[] = [];
    const manifest = await runBackup(
      {
        storage: memoryStorage(),
        folder: "shop/backup",
        packing: { compression: "ZSTD", level: 1 },
        database: { connection: database.connection, tools: await findTools(null), ratio: null, engine: "MYSQLDUMP" },
        media: null,
        limits: { threads: 1, bytesPerSecond: 300_000, lowPriority: true },
        about: aboutBackup({ type: "DATABASE", compression: "ZSTD" }),
        now: () => new Date(),
      },
      {
        signal: new AbortController().signal,
        say: (_, message) => said.push(message),
        report: ({ load }) => {
          if (load) told.push(load);
          for (const [program, niceness] of nicenessOfChildren()) seen.set(program, niceness);
        },
        loaded: (load) => loads.push(load),
      },
    );
    const size = manifest.artifacts[0]?.size ?? 0;
    expect(size).toBeGreaterThan(600_000);
    // Of the whole, a quarter of a second's worth passes at once. A slow machine reads slower still.
    expect(loads).toEqual([
      {
        connections: 1,
        busiest: expect.any(Number),
        average: expect.any(Number),
        lockMilliseconds: null,
        bytesPerSecond: expect.any(Number),
      },
    ]);
    expect(loads[0]?.bytesPerSecond).toBeLessThan(300_000 / (1 - 75_000 / size) + 1000);
    expect(told.map(({ statements }) => statements)).toContain(loads[0]?.busiest);
    expect(loads[0]?.busiest).toBeGreaterThanOrEqual(loads[0]?.average ?? 0);
    expect(said.at(-1)).toMatch(
      /^Load on the source: 1 connection, \d+ kB a second, (?:at most \d+ statements? at once on the server, [\d.]+ on average|no statement ran on the server when it was asked), nothing was locked\.$/,
    );
    const nice = Math.min(getPriority() + 10, 19);
    expect([...seen.values()].length).toBeGreaterThanOrEqual(2);
    for (const [program, niceness] of seen) expect([program, niceness]).toEqual([program, nice]);
  });

  it("tells what the server does while it is read: its statements, and how many it is given", async () => {
    const enough = Promise.withResolvers<string>();
    const told: LoadNow[] = [];
    const observe = (now: LoadNow) => {
      told.push(now);
      if (now.perSecond !== null) enough.resolve("done");
    };
    const running = { signal: new AbortController().signal, say: () => {} };
    const { load } = await watchingLoad(database.connection, running, () => enough.promise, observe);
    expect(told[0]?.perSecond).toBeNull();
    expect(told.at(-1)?.perSecond).toBeGreaterThanOrEqual(0);
    expect(load.busiest).toBe(Math.max(...told.map(({ statements }) => statements)));
  });

  it("goes on where the server will not be watched, and says so once", async () => {
    const said: string[] = [];
    const refused: Connection = { ...database.connection, user: "nobody", password: "wrong" };
    const work = Promise.withResolvers<string>();
    const running = {
      signal: new AbortController().signal,
      say: (_: string, message: string) => {
        said.push(message);
        work.resolve("done");
      },
    };
    expect(await watchingLoad(refused, running, () => work.promise)).toEqual({ result: "done", load: { busiest: null, average: null } });
    expect(said).toEqual([
      expect.stringMatching(/^How busy the database server is could not be watched to the end: .*refused the user nobody/),
    ]);
  });

  it("ends its watch when the work fails, with the work's own failure", async () => {
    const running = { signal: new AbortController().signal, say: () => {} };
    await expect(watchingLoad(database.connection, running, () => Promise.reject(new Error("unplugged")))).rejects.toThrow("unplugged");
    await expect
      .poll(
        async () =>
          (
            await database.sql.query("SELECT id FROM information_schema.PROCESSLIST WHERE db = ? AND id <> CONNECTION_ID()", [
              database.name,
            ])
          )[0],
      )
      .toEqual([]);
  });
});
