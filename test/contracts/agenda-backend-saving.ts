import type { JobParameters } from "agenda";
import { describe, expect, it } from "vitest";
import { type Bench, fromNow, job, nasty } from "./agenda-backend.ts";

/** saveJob and saveJobState: new jobs, known jobs, and the one of its name. */
export function savingContract(bench: Bench): void {
  const save = (saved: JobParameters<unknown>, by?: string) => bench.repository.saveJob(saved, by ? { lastModifiedBy: by } : undefined);
  const stored = async (saved: JobParameters<unknown>) =>
    (await bench.other.getJobById(String(saved._id))) ?? expect.fail("the job is gone");
  const total = async () => (await bench.other.queryJobs()).total;

  describe("saving", () => {
    it("keeps every field of a job, to the millisecond and to the character", async () => {
      const full: JobParameters<unknown> = {
        name: nasty,
        type: "normal",
        priority: -20,
        data: { [nasty]: nasty, deep: { list: [1, 2.5, -3e300, null, true, { a: "b" }] } },
        disabled: true,
        fork: true,
        nextRunAt: new Date("2026-03-29T01:30:00.123Z"),
        lockedAt: new Date("2026-10-25T00:30:00.001Z"),
        lastRunAt: new Date("2026-10-25T01:30:00.999Z"),
        lastFinishedAt: new Date("1999-12-31T23:59:59.999Z"),
        failedAt: new Date("2038-01-19T03:14:08.000Z"),
        failCount: 3,
        failReason: nasty,
        progress: 12.5,
        repeatInterval: "5 minutes",
        repeatTimezone: "Europe/Kyiv",
        repeatAt: "3:30pm",
        startDate: new Date("2026-01-01T00:00:00.000Z"),
        endDate: new Date("9999-12-31T23:59:59.999Z"),
        skipDays: [0, 6],
      };
      const saved = await save(full, "worker 1");
      expect(saved).toMatchObject({ ...full, lastModifiedBy: "worker 1" });
      expect(await stored(saved)).toEqual(saved);
    });

    it.each([["a word"], ["5"], ["null"], [""], [5], [0], [false], [null], [[1, "1"]], [{}], [[]]])(
      "keeps data that are %j",
      async (data) => {
        expect((await stored(await save(job("data", { data })))).data).toEqual(data);
      },
    );

    it("keeps a job without data, and a message however long or strange", async () => {
      const saved = await save(job("bare", { data: undefined }));
      const thrown = { toString: () => "🐬".repeat(50_000) } as unknown as string;
      await bench.repository.saveJobState({ ...saved, failReason: thrown }, undefined);
      expect((await stored(saved)).failReason).toMatch(/^(🐬){1000}/u);
    });

    it("gives each new job an id of its own and knows no other", async () => {
      const [one, two] = [await save(job("a")), await save(job("a"))];
      expect(one._id).not.toBe(two._id);
      for (const id of ["0", "", "nonsense", `${one._id} days`, "1 or 1=1", "9".repeat(40)]) {
        expect(await bench.repository.getJobById(id)).toBeNull();
      }
    });

    it("changes a known job, but not what a worker keeps about it", async () => {
      const saved = await save(job("known", { data: { version: 1 }, repeatInterval: "1 day", disabled: true }));
      const running = { ...saved, lockedAt: fromNow(0), lastRunAt: fromNow(-5), progress: 40, failCount: 2, failReason: "once" };
      await bench.other.saveJobState(running, undefined);
      const change = { ...job("known", { data: { version: 2 }, priority: 7 }), _id: saved._id };
      const changed = await save(change, "editor");
      const { lockedAt, lastRunAt, progress, failCount, failReason } = running;
      expect(changed).toMatchObject({ data: { version: 2 }, priority: 7, disabled: true, lastModifiedBy: "editor" });
      expect(changed).toMatchObject({ lockedAt, lastRunAt, progress, failCount, failReason });
      expect(changed.repeatInterval).toBeUndefined();
      expect(await stored(saved)).toEqual(changed);
    });

    it("hands a job back as it came when it is gone, or when the id is another's", async () => {
      const saved = await save(job("one"));
      const alien = { ...job("two", { data: 2 }), _id: saved._id };
      expect(await save(alien)).toBe(alien);
      await bench.repository.removeJobs({ id: String(saved._id) });
      expect(await save(saved)).toBe(saved);
      expect(await total()).toBe(0);
    });

    it("saves the state of a job, twice the same, and refuses for one that is gone", async () => {
      const saved = await save(job("state"));
      const now = fromNow(0);
      const state = {
        ...saved,
        nextRunAt: null,
        lockedAt: now,
        lastRunAt: now,
        lastFinishedAt: now,
        failedAt: now,
        failCount: 1,
        progress: 50,
      };
      await bench.repository.saveJobState(state, { lastModifiedBy: "w" });
      await bench.repository.saveJobState(state, { lastModifiedBy: "w" });
      expect(await stored(saved)).toEqual({ ...state, lastModifiedBy: "w" });
      await bench.repository.saveJobState(saved, undefined);
      expect(await stored(saved)).toEqual(saved);
      await bench.repository.removeJobs({ name: "state" });
      await expect(bench.repository.saveJobState(saved, undefined)).rejects.toThrow(String(saved._id));
      await expect(bench.repository.saveJobState(job("state"), undefined)).rejects.toThrow("id");
    });
  });

  describe("a single job", () => {
    const single = (more: Partial<JobParameters<unknown>>) => job("cron", { type: "single", repeatInterval: "1 hour", ...more });

    it("stays one, takes a later plan, and is not moved by a start that says now", async () => {
      const first = await save(single({ nextRunAt: fromNow(60_000), data: 1 }));
      const later = fromNow(120_000);
      expect(await save(single({ nextRunAt: later, data: 2, priority: 5 }))).toMatchObject({
        _id: first._id,
        nextRunAt: later,
        data: 2,
        priority: 5,
      });
      expect(await save(single({ nextRunAt: fromNow(-1) }))).toMatchObject({ _id: first._id, nextRunAt: later });
      expect(await total()).toBe(1);
    });

    it("runs again when it had no next run, and stays off when it was turned off", async () => {
      const first = await save(single({ nextRunAt: null }));
      await bench.repository.disableJobs({ name: "cron" });
      const due = fromNow(-1);
      expect(await save(single({ nextRunAt: due }))).toMatchObject({ _id: first._id, nextRunAt: due, disabled: true });
    });

    it("leaves jobs of its name that are not single alone", async () => {
      await save(job("cron"));
      await save(single({}));
      expect(await total()).toBe(2);
    });
  });
}
