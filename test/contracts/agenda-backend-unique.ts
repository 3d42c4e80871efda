import type { DebounceOptions, JobParameters } from "agenda";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Bench, fromNow, job, nasty } from "./agenda-backend.ts";

/** The one job that a constraint describes, under simultaneous saves, while it runs, and debounced. */
export function uniqueContract(bench: Bench): void {
  const save = (saved: JobParameters<unknown>) => bench.repository.saveJob(saved, undefined);
  const stored = async (saved: JobParameters<unknown>) =>
    (await bench.other.getJobById(String(saved._id))) ?? expect.fail("the job is gone");
  const total = async () => (await bench.other.queryJobs()).total;
  const lock = async (saved: JobParameters<unknown>) => (await bench.other.lockJob(saved, undefined)) ?? expect.fail("not locked");
  afterEach(() => void vi.useRealTimers());

  describe("a unique job", () => {
    it.each([
      [{ a: 1 }, { "data.a": 1 }, true],
      [{ a: 1 }, { "data.a": "1" }, false],
      [{ a: "1" }, { "data.a": 1 }, false],
      [{ a: 1.5 }, { "data.a": 1.5 }, true],
      [{ a: 12 }, { "data.a": 1 }, false],
      [{ a: "x" }, { "data.a": "X" }, false],
      [{ a: "x " }, { "data.a": "x" }, false],
      [{ a: "true" }, { "data.a": true }, false],
      [{ a: true }, { "data.a": true }, true],
      [{ a: true }, { "data.a": 1 }, false],
      [{ a: false }, { "data.a": true }, false],
      [{ a: null }, { "data.a": null }, true],
      [{}, { "data.a": null }, true],
      [{ a: "null" }, { "data.a": null }, false],
      [{ a: 0 }, { "data.a": null }, false],
      [null, { "data.a": 1 }, false],
      [{ a: { b: { c: "deep" } } }, { "data.a.b.c": "deep" }, true],
      [{ a: { b: 1 } }, { "data.a": { b: 1 } }, true],
      [{ a: { b: 1, c: 2 } }, { "data.a": { b: 1 } }, false],
      [{ a: { b: { c: 1, d: 2 } } }, { "data.a": { b: { c: 1 } } }, false],
      [{ a: [1, 2] }, { "data.a": [1, 2] }, true],
      [{ a: [1, 2] }, { "data.a": [2, 1] }, false],
      [{ a: [1, 2, 3] }, { "data.a": [1, 2] }, false],
      [{ a: nasty }, { "data.a": nasty }, true],
      [{ 'k"e\\y*': 1 }, { 'data.k"e\\y*': 1 }, true],
      [{ a: 1, b: 2 }, { "data.a": 1, "data.b": 2 }, true],
      [{ a: 1, b: 2 }, { "data.a": 1, "data.b": 3 }, false],
      [{ at: new Date(5) }, { "data.at": new Date(5) }, true],
      ["x", { data: "x" }, true],
      [{ a: 1 }, { priority: 3, nextRunAt: new Date(7) }, true],
      [{ a: 1 }, { priority: 3, nextRunAt: new Date(8) }, false],
      [{ a: 1 }, { disabled: false, repeatInterval: null }, true],
    ])("%j under %j: one and the same is %j", async (data, unique, same) => {
      const first = await save(job("unique", { data, priority: 3, nextRunAt: new Date(7) }));
      await save(job("unlike", { data, priority: 3, nextRunAt: new Date(7) }));
      const second = await save(job("unique", { data: { new: true }, unique }));
      expect(second._id === first._id).toBe(same);
      expect(second.data).toEqual({ new: true });
      expect(await total()).toBe(same ? 2 : 3);
    });

    it.each<Record<string, unknown>>([
      { nonsense: 1 },
      { "name = name or 1": 1 },
      { constructor: 1 },
      { "data.a": { $in: [1] } },
      { nextRunAt: { $gt: new Date() } },
    ])("refuses the constraint %j", async (unique) => {
      await expect(save(job("unique", { unique }))).rejects.toThrow("unique constraint");
      expect(await total()).toBe(0);
    });

    it("stays untouched when it is only to be inserted", async () => {
      const unique = { unique: { "data.a": 1 }, uniqueOpts: { insertOnly: true } };
      const first = await save(job("unique", { ...unique, data: { a: 1, by: "first" } }));
      expect(await save(job("unique", { ...unique, data: { a: 1, by: "second" }, priority: 9 }))).toEqual(first);
      expect(await total()).toBe(1);
    });

    it.each(["unique", "insertOnly", "debounce", "single"])(
      "is one row after twenty simultaneous saves by two processes: %s",
      async (kind) => {
        const uniqueOpts = kind === "debounce" ? { debounce: { delay: 1000 } } : { insertOnly: kind === "insertOnly" };
        const how = kind === "single" ? { type: "single" as const } : { unique: { "data.a": 1 }, uniqueOpts };
        const saves = Array.from({ length: 20 }, (_, n) =>
          (n % 2 ? bench.repository : bench.other).saveJob(job("rush", { data: { a: 1, n }, ...how }), undefined),
        );
        const ids = new Set((await Promise.all(saves)).map(({ _id }) => _id));
        expect(ids.size).toBe(1);
        expect(await total()).toBe(1);
      },
    );

    it("that is saved while it runs is run again, however the run saves its state", async () => {
      const unique = { "data.a": 1 };
      const first = await save(job("again", { data: { a: 1 }, unique }));
      const running = { ...(await lock(first)), nextRunAt: null };
      await bench.other.saveJobState(running, undefined);
      const due = fromNow(5_000);
      await save(job("again", { data: { a: 1 }, unique, nextRunAt: due }));
      await bench.other.saveJobState({ ...running, lockedAt: fromNow(0), progress: 50 }, undefined);
      await bench.other.saveJobState({ ...running, lockedAt: undefined }, undefined);
      expect(await stored(first)).toMatchObject({ nextRunAt: due, lockedAt: undefined });
      await bench.other.saveJobState(running, undefined);
      expect((await stored(first)).nextRunAt).toBeNull();
    });

    it("that is saved while it runs is not run a third time when another worker takes the run over", async () => {
      const unique = { "data.a": 1 };
      const first = await save(job("again", { data: { a: 1 }, unique }));
      await lock(first);
      await save(job("again", { data: { a: 1 }, unique }));
      const taken = await bench.other.getNextJobToRun("again", fromNow(0), fromNow(1), undefined, undefined);
      await bench.other.saveJobState({ ...(taken ?? expect.fail()), nextRunAt: null, lockedAt: undefined }, undefined);
      expect((await stored(first)).nextRunAt).toBeNull();
    });
  });

  describe("a debounced job", () => {
    const start = new Date("2026-06-01T12:00:00.000Z").getTime();
    const at = (ms: number) => void vi.useFakeTimers({ toFake: ["Date"], now: start + ms });
    const debounced = (debounce: DebounceOptions, data: unknown = null) =>
      save(job("bounce", { data: { key: 1, data }, unique: { "data.key": 1 }, uniqueOpts: { debounce } }));
    const timing = ({ nextRunAt, debounceStartedAt }: JobParameters<unknown>) => [
      nextRunAt && nextRunAt.getTime() - start,
      debounceStartedAt && debounceStartedAt.getTime() - start,
    ];

    it("trailing: is put off by each save, with the last data", async () => {
      at(0);
      expect(timing(await debounced({ delay: 1000 }, "first"))).toEqual([1000, 0]);
      at(800);
      const second = await debounced({ delay: 1000 }, "second");
      expect(timing(second)).toEqual([1800, 0]);
      expect(second.data).toEqual({ key: 1, data: "second" });
      expect(await total()).toBe(1);
    });

    it("trailing: is never put off beyond maxWait, and begins a new window after it", async () => {
      const options = { delay: 1000, maxWait: 1500 };
      at(0);
      await debounced(options);
      at(900);
      expect(timing(await debounced(options))).toEqual([1500, 0]);
      at(1600);
      expect(timing(await debounced(options))).toEqual([1600, undefined]);
      at(1700);
      expect(timing(await debounced(options))).toEqual([2700, 1700]);
    });

    it("trailing: a job that has run begins a new window", async () => {
      const options = { delay: 1000, maxWait: 1500 };
      at(0);
      const first = await debounced(options);
      await bench.repository.saveJobState({ ...first, nextRunAt: null, lastRunAt: new Date(start + 1000) }, undefined);
      at(60_000);
      expect(timing(await debounced(options))).toEqual([61_000, 60_000]);
    });

    it("leading: runs at the first save, and the saves within the window only change the data", async () => {
      const options = { delay: 1000, strategy: "leading" as const };
      at(0);
      const first = await debounced(options, "first");
      expect(timing(first)).toEqual([0, 0]);
      at(500);
      expect(timing(await debounced(options, "second"))).toEqual([0, 0]);
      await bench.repository.saveJobState({ ...first, nextRunAt: null, lastRunAt: new Date(start) }, undefined);
      at(900);
      const third = await debounced(options, "third");
      expect(timing(third)).toEqual([null, 0]);
      expect(third.data).toEqual({ key: 1, data: "third" });
      at(1100);
      expect(timing(await debounced(options))).toEqual([1100, 1100]);
      expect(await total()).toBe(1);
    });

    it("needs a constraint to know what to hold back", async () => {
      for (const n of [1, 2]) await save(job("loose", { data: n, uniqueOpts: { debounce: { delay: 1000 } } }));
      expect(await total()).toBe(2);
    });
  });
}
