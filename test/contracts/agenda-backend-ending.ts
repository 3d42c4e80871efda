import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Agenda, Job } from "agenda";
import { describe, expect, it } from "vitest";
import { agendas, type Bench, eventually, fromNow, job } from "./agenda-backend.ts";

/** Agendas that drain, stop or crash, and Agendas that share their work. */
export function sharingContract(bench: Bench): void {
  const open = agendas(bench);
  const stored = async ({ attrs }: Job) => (await bench.other.getJobById(String(attrs._id))) ?? expect.fail("the job is gone");

  describe("the end of an Agenda", () => {
    it("drains: what runs is finished, what is new stays for others", async () => {
      const agenda = await open();
      const begun = once(agenda, "start:slow");
      const { promise: held, resolve: release } = Promise.withResolvers<void>();
      agenda.define("slow", () => held);
      await agenda.start();
      const made = await agenda.now("slow");
      await begun;
      const drained = agenda.drain();
      const late = await agenda.now("slow");
      release();
      expect(await drained).toEqual({ completed: 1, running: 0, timedOut: false, aborted: false });
      expect((await stored(made)).lastFinishedAt).toBeDefined();
      expect(await stored(late)).toMatchObject({ lockedAt: undefined, lastRunAt: undefined });
    });

    it("stops: what it had locked but not begun is free at once, what it runs is not", async () => {
      const agenda = await open();
      const begun = once(agenda, "start:stuck");
      const { promise: held, resolve: release } = Promise.withResolvers<void>();
      agenda.define("stuck", () => held, { concurrency: 1 });
      const [one, two] = [await agenda.now("stuck"), await agenda.now("stuck")];
      await agenda.start();
      await begun;
      await eventually(async () => expect((await stored(two)).lockedAt).toBeDefined());
      await agenda.stop();
      expect((await stored(one)).lockedAt).toBeDefined();
      expect((await stored(two)).lockedAt).toBeUndefined();
      const ended = once(agenda, "complete:stuck");
      release();
      await ended;
    });

    it("takes over what a crashed worker held, once its lock has expired", async () => {
      const saved = await bench.other.saveJob(job("crashed", { data: { id: 1 } }), undefined);
      const held = await bench.other.getNextJobToRun("crashed", new Date(), new Date(0), fromNow(-1500), undefined);
      await bench.other.saveJobState({ ...(held ?? expect.fail()), nextRunAt: null, lastRunAt: new Date() }, undefined);
      const agenda = await open();
      let began = 0;
      const note = async () => {
        began = Date.now();
      };
      agenda.define("crashed", note, { lockLifetime: 2000 });
      await agenda.start();
      await once(agenda, "complete:crashed");
      expect(began).toBeGreaterThanOrEqual((held?.lockedAt?.getTime() ?? 0) + 2000);
      expect((await bench.other.getJobById(String(saved._id)))?.lockedAt).toBeUndefined();
    });
  });

  describe("two Agendas on one store", () => {
    it("run each of a hundred jobs exactly once, and both take part", async () => {
      const runs: string[] = [];
      const pair = await Promise.all(["left", "right"].map((name) => open({ name, defaultConcurrency: 5, lockLimit: 10 })));
      for (const agenda of pair) {
        agenda.define<{ n: number }>("shared", async ({ attrs }) => {
          runs.push(`${attrs.data.n}`);
          await sleep(2);
        });
      }
      const [left, right] = pair as [Agenda, Agenda];
      await Promise.all(Array.from({ length: 100 }, (_, n) => left.now("shared", { n })));
      const bothWorked = Promise.all(pair.map((agenda) => once(agenda, "start:shared")));
      let completed = 0;
      const done = new Promise<void>((resolve) => {
        for (const agenda of pair) agenda.on("complete:shared", () => ++completed === 100 && resolve());
      });
      await Promise.all([left.start(), right.start()]);
      await Promise.all([done, bothWorked]);
      expect(await bench.other.queryJobs({ state: "completed", limit: 1 })).toMatchObject({ total: 100 });
      expect(runs.length).toBe(100);
      expect(new Set(runs).size).toBe(100);
    }, 120_000);

    it("do not both run a job that is touched for longer than its lock lives", async () => {
      const pair = await Promise.all([open(), open()]);
      let runs = 0;
      for (const agenda of pair) {
        agenda.define(
          "long",
          async (self) => {
            runs += 1;
            for (let part = 1; part <= 20; part += 1) {
              await sleep(165);
              await self.touch(part * 5);
            }
          },
          { lockLifetime: 3000 },
        );
      }
      await Promise.all(pair.map((agenda) => agenda.start()));
      const made = await pair[0].now("long");
      await eventually(async () => expect(await stored(made)).toMatchObject({ progress: 100, lockedAt: undefined, failReason: undefined }));
      expect(runs).toBe(1);
    });
  });
}
