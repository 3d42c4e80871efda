import type { JobParameters, JobState, RemoveJobsOptions } from "agenda";
import { beforeEach, describe, expect, it } from "vitest";
import { type Bench, fromNow, job } from "./agenda-backend.ts";

/** Finding, counting, removing, turning off and on, locking and claiming. */
export function queryContract(bench: Bench): void {
  const save = (saved: JobParameters<unknown>) => bench.repository.saveJob(saved, undefined);
  const names = async (query?: Parameters<typeof bench.repository.queryJobs>[0]) =>
    (await bench.other.queryJobs(query)).jobs.map(({ name }) => name);
  const ids = new Map<string, string>();
  const id = (name: string) => ids.get(name) ?? name;

  describe("finding jobs", () => {
    const past = (minutes: number) => fromNow(-60_000 * minutes);
    const all: [string, JobState, Partial<JobParameters<unknown>>][] = [
      ["running", "running", { lockedAt: past(1), failedAt: past(2), data: { kind: "a", size: 1, nested: { x: 1, y: 2 } } }],
      ["scheduled", "scheduled", { nextRunAt: fromNow(60_000), priority: 10, data: { kind: "b", size: 1, list: [{ x: 1, y: 2 }] } }],
      ["queued", "queued", { nextRunAt: past(1), priority: 5, data: { kind: "a", size: 2 } }],
      ["completed", "completed", { nextRunAt: null, lastFinishedAt: past(1), failedAt: past(2), disabled: true, data: { kind: "A" } }],
      ["failed", "failed", { nextRunAt: fromNow(60_000), lastFinishedAt: past(3), failedAt: past(3), data: ["a"] }],
      ["repeating", "repeating", { repeatInterval: "1 day", nextRunAt: fromNow(120_000), lastRunAt: past(9), disabled: true, data: "a" }],
      ["100%_new", "completed", { nextRunAt: null, data: null }],
    ];
    beforeEach(async () => {
      for (const [name, , more] of all) ids.set(name, String((await save(job(name, more)))._id));
    });

    it("tells the state of each, and finds them by it", async () => {
      const { jobs, total } = await bench.other.queryJobs();
      expect(Object.fromEntries(jobs.map(({ name, state }) => [name, state]))).toEqual(
        Object.fromEntries(all.map(([name, state]) => [name, state])),
      );
      expect(total).toBe(all.length);
      for (const state of ["running", "scheduled", "queued", "completed", "failed", "repeating"] as const) {
        const expected = all.filter(([, its]) => its === state).map(([name]) => name);
        expect((await names({ state })).sort()).toEqual(expected.sort());
      }
      expect((await names({ state: "paused" })).sort()).toEqual(["completed", "repeating"]);
    });

    it.each([
      [{ name: "queued" }, ["queued"]],
      [{ name: "Queued" }, []],
      [{ names: ["queued", "failed", "nobody"] }, ["failed", "queued"]],
      [{ search: "ED" }, ["completed", "failed", "queued", "scheduled"]],
      [{ search: "%_N" }, ["100%_new"]],
      [{ search: "'" }, []],
      [{ name: "queued", search: "fail" }, []],
      [{ includeDisabled: false, search: "e" }, ["100%_new", "failed", "queued", "scheduled"]],
      [{ data: { kind: "a" } }, ["queued", "running"]],
      [{ data: { size: 1 } }, ["running", "scheduled"]],
      [{ data: { size: 1, kind: "a" } }, ["running"]],
      [{ data: { nested: { x: 1 } } }, ["running"]],
      [{ data: { nested: { x: 2 } } }, []],
      [{ data: { list: [{ x: 1, y: 2 }] } }, ["scheduled"]],
      [{ data: { list: [{ x: 1 }] } }, []],
      [{ data: ["a"] }, ["failed"]],
      [{ data: "a" }, ["repeating"]],
      [{ data: null }, ["100%_new"]],
      [{ ids: [], names: [], search: "" }, all.map(([name]) => name).sort()],
    ])("finds by %j", async (query, expected) => {
      expect((await names(query)).sort()).toEqual(expected);
      expect((await bench.other.queryJobs(query)).total).toBe(expected.length);
    });

    it("finds by id and by ids, and nothing by what is no id", async () => {
      expect(await names({ id: id("failed") })).toEqual(["failed"]);
      expect((await names({ ids: [id("failed"), id("queued"), "no id"] })).sort()).toEqual(["failed", "queued"]);
      expect(await names({ id: `${id("failed")} or 1=1` })).toEqual([]);
    });

    it.each([
      [{ name: "asc" }, ["100%_new", "completed", "failed", "queued", "repeating", "running", "scheduled"]],
      [{ name: "desc" }, ["scheduled", "running", "repeating", "queued", "failed", "completed", "100%_new"]],
      [{ priority: "desc" }, ["scheduled", "queued"]],
      [{ nextRunAt: "asc", name: "asc" }, ["queued", "running"]],
      [{ lastFinishedAt: "asc" }, ["failed", "completed", "running"]],
      [{ lastFinishedAt: "desc" }, ["completed", "failed", "running"]],
      [{ lastRunAt: "asc" }, ["repeating", "running", "scheduled"]],
      [{ data: "asc" }, ["repeating", "failed", "completed"]],
      [undefined, ["repeating"]],
    ] as const)("sorts by %j, jobs without the value last", async (sort, first) => {
      expect((await names(sort && { sort })).slice(0, first.length)).toEqual(first);
    });

    it("pages after filtering, and counts all pages", async () => {
      const sort = { name: "asc" } as const;
      expect(await bench.other.queryJobs({ state: "completed", sort, skip: 1, limit: 1 })).toMatchObject({
        total: 2,
        jobs: [{ name: "completed" }],
      });
      expect(await names({ sort, skip: 5 })).toEqual(["running", "scheduled"]);
      expect(await names({ sort, limit: 2 })).toEqual(["100%_new", "completed"]);
      expect(await bench.other.queryJobs({ skip: 99 })).toEqual({ jobs: [], total: 7 });
    });

    it("counts the due, names the names, and gives the overview", async () => {
      await save(job("queued", { nextRunAt: fromNow(60_000), disabled: true }));
      expect(await bench.other.getQueueSize()).toBe(2);
      expect(await bench.other.getDistinctJobNames()).toEqual(all.map(([name]) => name).sort());
      const overview = await bench.other.getJobsOverview();
      const none = { running: 0, scheduled: 0, queued: 0, completed: 0, failed: 0, repeating: 0, paused: 0 };
      expect(overview.find(({ name }) => name === "queued")).toEqual({
        ...none,
        name: "queued",
        total: 2,
        queued: 1,
        scheduled: 1,
        paused: 1,
      });
      expect(overview.find(({ name }) => name === "repeating")).toEqual({ ...none, name: "repeating", total: 1, repeating: 1, paused: 1 });
      expect(overview).toHaveLength(7);
    });
  });

  describe("removing, turning off and turning on", () => {
    beforeEach(async () => {
      const three: [string, unknown][] = [
        ["a", { kind: "x" }],
        ["b", { kind: "x", more: 1 }],
        ["c", { kind: "y" }],
      ];
      for (const [name, data] of three) ids.set(name, String((await save(job(name, { data })))._id));
    });
    const cases: [string, () => RemoveJobsOptions, string][] = [
      ["an id", () => ({ id: id("a") }), "a"],
      ["ids", () => ({ ids: [id("a"), id("c")] }), "ac"],
      ["an id before ids", () => ({ id: id("a"), ids: [id("c")] }), "a"],
      ["what is no id", () => ({ id: `${id("a")}x` }), ""],
      ["a name", () => ({ name: "b" }), "b"],
      ["names", () => ({ names: ["a", "b"] }), "ab"],
      ["all but names", () => ({ notNames: ["a"] }), "bc"],
      ["a name before names and notNames", () => ({ name: "a", names: ["b"], notNames: ["c"] }), "a"],
      ["data in part", () => ({ data: { kind: "x" } }), "ab"],
      ["data and a name", () => ({ data: { kind: "x" }, name: "b" }), "b"],
      ["an id and another's name", () => ({ id: id("a"), name: "b" }), ""],
      ["nothing", () => ({}), ""],
      ["empty data", () => ({ data: {} }), ""],
      ["empty lists beside a name", () => ({ ids: [], name: "a" }), ""],
    ];

    it.each(cases)("by %s", async (_, options, expected) => {
      const off = async () => (await names({ state: "paused" })).sort().join("");
      expect(await bench.repository.disableJobs(options())).toBe(expected.length);
      expect(await off()).toBe(expected);
      expect(await bench.repository.disableJobs(options())).toBe(0);
      expect(await bench.repository.enableJobs(options())).toBe(expected.length);
      expect(await off()).toBe("");
      expect(await bench.repository.removeJobs(options())).toBe(expected.length);
      expect((await names()).sort().join("")).toBe([..."abc"].filter((name) => !expected.includes(name)).join(""));
    });

    it("all of them", async () => {
      expect(await bench.repository.purgeAllJobs()).toBe(3);
      expect(await bench.other.queryJobs()).toEqual({ jobs: [], total: 0 });
    });
  });

  describe("locking", () => {
    const due = () => job("work", { nextRunAt: fromNow(-1000) });
    const claimBy = (repository: typeof bench.repository, name = "work", staleSince = fromNow(-60_000)) =>
      repository.getNextJobToRun(name, fromNow(5000), staleSince, undefined, { lastModifiedBy: "w" });

    it("gives a job to one only, until it is unlocked", async () => {
      const saved = await save(due());
      expect(await bench.repository.lockJob(saved, { lastModifiedBy: "w" })).toMatchObject({
        _id: saved._id,
        lockedAt: expect.any(Date),
        lastModifiedBy: "w",
      });
      expect(await bench.other.lockJob(saved, undefined)).toBeUndefined();
      expect(await claimBy(bench.other)).toBeUndefined();
      await bench.other.unlockJob(saved);
      expect(await bench.other.lockJob(saved, undefined)).toBeDefined();
    });

    it.each([{ nextRunAt: new Date(5) }, { name: "other" }, { _id: undefined }])(
      "does not lock a job that is not as it was: %j",
      async (change) => {
        const saved = await save(due());
        expect(await bench.repository.lockJob({ ...saved, ...change }, undefined)).toBeUndefined();
      },
    );

    it("does not lock a job that is off, and locks one without a next run", async () => {
      expect(await bench.repository.lockJob(await save(job("off", { disabled: true })), undefined)).toBeUndefined();
      expect(await bench.repository.lockJob(await save(job("idle", { nextRunAt: null })), undefined)).toBeDefined();
    });

    it("leaves a running one-off locked when told to unlock it alone, but not in a list", async () => {
      const saved = await save(job("once", { nextRunAt: null, lockedAt: fromNow(0) }));
      const locked = async () => (await bench.other.getJobById(String(saved._id)))?.lockedAt;
      await bench.repository.unlockJob(saved);
      expect(await locked()).toBeDefined();
      await bench.repository.unlockJobs([]);
      expect(await locked()).toBeDefined();
      await bench.repository.unlockJobs([String(saved._id), "no id"]);
      expect(await locked()).toBeUndefined();
    });

    it("hands out the earliest first, then the most urgent, then the first come", async () => {
      const [early, late] = [fromNow(-2000), fromNow(-1000)];
      const plan: [number, Date, number][] = [
        [4, late, 5],
        [2, early, 1],
        [1, early, 20],
        [5, late, -10],
        [3, early, 1],
      ];
      for (const [data, nextRunAt, priority] of plan) await save(job("work", { data, nextRunAt, priority }));
      await save(job("work", { data: "off", nextRunAt: early, disabled: true }));
      await save(job("work", { data: "future", nextRunAt: fromNow(60_000) }));
      await save(job("Work", { data: "another name" }));
      const order: unknown[] = [];
      for (let next = await claimBy(bench.repository); next; next = await claimBy(bench.other)) order.push(next.data);
      expect(order).toEqual([1, 2, 3, 4, 5]);
    });

    it("hands out again what was locked too long ago, once, and before newer work", async () => {
      const crashed = await save(job("work", { nextRunAt: null, lockedAt: fromNow(-61_000) }));
      await save(job("work", { nextRunAt: fromNow(60_000), lockedAt: fromNow(-59_000) }));
      const fresh = await save(due());
      const claimed = await claimBy(bench.repository);
      expect(claimed).toMatchObject({ _id: crashed._id, nextRunAt: null, lastModifiedBy: "w" });
      expect(claimed?.lockedAt?.getTime()).toBeGreaterThan(Date.now() - 59_000);
      expect((await claimBy(bench.other))?._id).toBe(fresh._id);
      expect(await claimBy(bench.other)).toBeUndefined();
    });

    it("hands each of many jobs out once, to whoever comes at the same time", async () => {
      for (let n = 0; n < 60; n += 1) await save(job("work", { data: n, nextRunAt: new Date(0) }));
      const taken: unknown[] = [];
      const worker = async (repository: typeof bench.repository) => {
        for (let next = await claimBy(repository); next; next = await claimBy(repository)) taken.push(next.data);
      };
      await Promise.all([bench.repository, bench.other, bench.repository, bench.other, bench.repository, bench.other].map(worker));
      expect(taken.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 60 }, (_, n) => n));
    });
  });
}
