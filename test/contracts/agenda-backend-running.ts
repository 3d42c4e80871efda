import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "agenda";
import { describe, expect, it, vi } from "vitest";
import { agendas, type Bench, eventually, fromNow } from "./agenda-backend.ts";

/** A real Agenda at work on the backend. */
export function agendaContract(bench: Bench): void {
  const open = agendas(bench);
  const stored = async ({ attrs }: Job) => (await bench.other.getJobById(String(attrs._id))) ?? expect.fail("the job is gone");
  const noop = async () => undefined;

  describe("an Agenda", () => {
    it("runs a job now and keeps how it ended", async () => {
      const agenda = await open({ name: "worker" });
      const data = vi.fn();
      agenda.define<{ id: number }>("now", async ({ attrs }) => data(attrs.data));
      await agenda.start();
      const done = once(agenda, "complete:now");
      const made = await agenda.now("now", { id: 7 });
      await done;
      expect(data.mock.calls).toEqual([[{ id: 7 }]]);
      const kept = await stored(made);
      expect(kept).toMatchObject({ nextRunAt: null, lockedAt: undefined, lastModifiedBy: "worker" });
      expect(kept.lastFinishedAt?.getTime()).toBeGreaterThanOrEqual(kept.lastRunAt?.getTime() ?? Number.NaN);
      expect((await agenda.getRunningStats()).backend).toEqual({
        name: agenda.attrs.name && expect.any(String),
        hasNotificationChannel: true,
      });
    });

    it("is woken by a new job without waiting for its next look", async () => {
      const agenda = await open({ processEvery: "1 hour" });
      agenda.define("woken", noop);
      await agenda.start();
      await sleep(50);
      const done = once(agenda, "complete:woken");
      await agenda.now("woken");
      await done;
    });

    it("finds new jobs by looking, where there is no channel", async () => {
      const agenda = await open({ workers: false });
      agenda.define("polled", noop);
      await agenda.start();
      const done = once(agenda, "complete:polled");
      await agenda.now("polled");
      await done;
    });

    it("runs a scheduled job at its time and not before", async () => {
      const agenda = await open();
      const when = fromNow(400);
      let began = 0;
      agenda.define("later", async () => {
        began = Date.now();
      });
      await agenda.start();
      const far = await agenda.schedule("in 1 hour", "later");
      const done = once(agenda, "complete:later");
      await agenda.schedule(when, "later");
      await done;
      expect(began).toBeGreaterThanOrEqual(when.getTime());
      expect((await stored(far)).lastRunAt).toBeUndefined();
    });

    it("repeats every(), in one row however often it is said", async () => {
      const agenda = await open();
      agenda.define("tick", noop);
      await agenda.every("1 hour", "tick", { version: 1 });
      await agenda.every(50, "tick", { version: 2 });
      await agenda.start();
      for (let times = 0; times < 3; times += 1) await once(agenda, "complete:tick");
      const { jobs, total } = await bench.other.queryJobs({ name: "tick" });
      expect(total).toBe(1);
      expect(jobs[0]).toMatchObject({ type: "single", data: { version: 2 }, state: expect.stringMatching(/repeating|running/) });
    });

    it("tries again after a failure, and forgets it after success", async () => {
      const agenda = await open();
      const outcomes = [new Error("first"), "second", undefined];
      agenda.define("shaky", () => (outcomes[0] === undefined ? Promise.resolve() : Promise.reject(outcomes.shift())), {
        backoff: () => 20,
      });
      await agenda.start();
      const failed = once(agenda, "fail:shaky");
      const succeeded = once(agenda, "success:shaky");
      const made = await agenda.now("shaky");
      await failed;
      await succeeded;
      await eventually(async () => expect(await stored(made)).toMatchObject({ failCount: 0, failReason: "second", lockedAt: undefined }));
    });

    it("runs the most urgent first, and as many at a time as it may", async () => {
      const agenda = await open({ maxConcurrency: 4 });
      const order: number[] = [];
      let [current, most] = [0, 0];
      agenda.define<{ n: number }>("alone", async ({ attrs }) => void order.push(attrs.data.n), { concurrency: 1 });
      agenda.define(
        "pair",
        async () => {
          most = Math.max(most, ++current);
          await eventually(() => expect(most).toBe(2));
          current -= 1;
        },
        { concurrency: 2 },
      );
      const when = fromNow(-1000);
      for (const [n, priority] of [
        [3, "low"],
        [1, "highest"],
        [2, "normal"],
      ] as const) {
        await agenda.create("alone", { n }).priority(priority).schedule(when).save();
      }
      await Promise.all(Array.from({ length: 6 }, () => agenda.now("pair")));
      await agenda.start();
      await eventually(async () => expect(await bench.other.queryJobs({ state: "completed" })).toMatchObject({ total: 9 }));
      expect(order).toEqual([1, 2, 3]);
      expect(most).toBe(2);
    });

    it("runs a burst of debounced jobs once, with the last data", async () => {
      const agenda = await open();
      const seen: unknown[] = [];
      agenda.define("burst", async ({ attrs }) => void seen.push(attrs.data));
      await agenda.start();
      const done = once(agenda, "complete:burst");
      for (const n of [1, 2, 3]) await agenda.nowDebounced("burst", { key: "k", n }, { "data.key": "k" }, 1000);
      await done;
      expect(seen).toEqual([{ key: "k", n: 3 }]);
    });

    it("does not lose the next run that a unique job plans for itself while it runs", async () => {
      const agenda = await open();
      let runs = 0;
      agenda.define("chain", async () => {
        runs += 1;
        if (runs < 3) await agenda.create("chain", { id: 1 }).unique({ "data.id": 1 }).schedule(fromNow(20)).save();
      });
      await agenda.start();
      await agenda.create("chain", { id: 1 }).unique({ "data.id": 1 }).schedule(new Date()).save();
      await eventually(() => expect(runs).toBe(3));
      expect((await bench.other.queryJobs()).total).toBe(1);
    });

    it("leaves disabled jobs until they are enabled, and cancelled ones for good", async () => {
      const agenda = await open();
      const ran: unknown[] = [];
      agenda.define<{ n: number }>("switch", async ({ attrs }) => void ran.push(attrs.data.n));
      for (const n of [1, 2, 3]) await agenda.now("switch", { n });
      expect(await agenda.disable({ name: "switch", data: { n: 2 } })).toBe(1);
      expect(await agenda.cancel({ data: { n: 3 } })).toBe(1);
      await agenda.start();
      await once(agenda, "complete:switch");
      expect(await agenda.enable({ name: "switch" })).toBe(1);
      await once(agenda, "complete:switch");
      expect(ran).toEqual([1, 2]);
    });

    it("removes what is done when it is told to, and bears the removal of what it runs", async () => {
      const agenda = await open({ removeOnComplete: true });
      agenda.define("gone", noop);
      agenda.define("removed", async (self) => void (await agenda.cancel({ id: String(self.attrs._id) })));
      await agenda.start();
      const done = Promise.all([once(agenda, "complete:gone"), once(agenda, "complete:removed")]);
      await Promise.all([agenda.now("gone"), agenda.now("removed")]);
      await done;
      await eventually(async () => expect((await bench.other.queryJobs()).total).toBe(0));
    });

    it("keeps the events of its jobs when it is told to", async () => {
      const agenda = await open({ logging: true, name: "logged" });
      await agenda.clearLogs();
      agenda.define("told", noop);
      agenda.define("silent", noop, { logging: false });
      await agenda.start();
      const done = Promise.all([once(agenda, "complete:told"), once(agenda, "complete:silent")]);
      const [made] = await Promise.all([agenda.now("told"), agenda.now("silent")]);
      await done;
      const jobId = String(made.attrs._id);
      await eventually(async () => {
        const { entries } = await agenda.getLogs({});
        expect(entries.map(({ event }) => event).sort()).toEqual(["complete", "locked", "start", "success"]);
        for (const entry of entries) expect(entry).toMatchObject({ jobId, jobName: "told", agendaName: "logged" });
      });
    });
  });
}
