import type { JobLogEntry, JobNotification, JobStateNotification, NotificationChannel } from "agenda";
import { toJobId } from "agenda";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Bench, nasty } from "./agenda-backend.ts";

/** The log of jobs' events. */
export function loggerContract(bench: Bench): void {
  describe("the log", () => {
    const instant = (second: number) => new Date(`2026-10-25T00:59:${String(second).padStart(2, "0")}.123Z`);
    const entries: JobLogEntry[] = [
      { timestamp: instant(1), level: "debug", event: "locked", jobId: "1", jobName: "a", message: "job locked" },
      {
        timestamp: instant(2),
        level: "info",
        event: "start",
        jobId: "1",
        jobName: "a",
        message: nasty,
        agendaName: nasty,
        meta: { deep: [nasty, null] },
      },
      { timestamp: instant(3), level: "error", event: "fail", jobId: "1", jobName: "a", message: "no", error: nasty, failCount: 2 },
      {
        timestamp: instant(3),
        level: "info",
        event: "retry",
        jobId: "1",
        jobName: "a",
        message: "again",
        retryDelay: 2 ** 33,
        retryAttempt: 2,
      },
      { timestamp: instant(4), level: "info", event: "success", jobId: "2", jobName: "b", message: "done", duration: 2 ** 33 },
    ];
    const logger = async () => (await bench.store.connect()).logger ?? expect.fail("no logger");
    let log: Awaited<ReturnType<typeof logger>>;
    beforeAll(async () => {
      log = await logger();
    });
    beforeEach(async () => {
      await log.clearLogs();
      for (const entry of entries) await log.log(entry);
    });

    it("keeps every field of an entry, the newest first", async () => {
      const { entries: kept, total } = await log.getLogs();
      expect(kept.map(({ _id, ...entry }) => entry)).toEqual(entries.toReversed());
      expect(new Set(kept.map(({ _id }) => _id)).size).toBe(5);
      expect(total).toBe(5);
    });

    it.each([
      [{ jobId: "1" }, 4],
      [{ jobName: "b" }, 1],
      [{ level: "info" as const }, 3],
      [{ level: ["debug" as const, "error" as const] }, 2],
      [{ event: "fail" as const, jobId: "1" }, 1],
      [{ event: ["start" as const, "success" as const] }, 2],
      [{ from: instant(3) }, 3],
      [{ to: instant(3) }, 4],
      [{ from: instant(2), to: instant(3) }, 3],
      [{ jobId: "3" }, 0],
    ])("finds and clears by %j", async (query, number) => {
      expect((await log.getLogs(query)).total).toBe(number);
      expect(await log.clearLogs(query)).toBe(number);
      expect((await log.getLogs()).total).toBe(5 - number);
    });

    it("pages in either order and counts all pages", async () => {
      const page = await log.getLogs({ sort: "asc", offset: 1, limit: 2 });
      expect(page).toMatchObject({ total: 5, entries: [{ event: "start" }, { event: "fail" }] });
    });

    it("keeps an entry however long its texts are", async () => {
      await log.log({ ...(entries[0] ?? expect.fail()), message: "🐬".repeat(50_000), error: "x".repeat(100_000) });
      expect((await log.getLogs({ event: "locked" })).total).toBe(2);
    });
  });
}

/** The channel that a backend brings along. */
export function channelContract(bench: Bench): void {
  describe("the channel", () => {
    const notification: JobNotification = {
      jobId: toJobId("1"),
      jobName: nasty,
      nextRunAt: null,
      priority: 2,
      timestamp: new Date(3),
      source: "w",
    };
    const state: JobStateNotification = { type: "progress", jobId: toJobId("1"), jobName: nasty, timestamp: new Date(3), progress: 50 };
    let channel: NotificationChannel;
    beforeEach(async () => {
      channel = (await bench.store.connect()).notificationChannel ?? expect.fail("no channel");
    });

    it("tells its state as it changes, and refuses to publish unless it is connected", async () => {
      const states: string[] = [];
      const listener = (it: string) => void states.push(it);
      channel.on("stateChange", listener);
      expect(channel.state).toBe("disconnected");
      await expect(channel.publish(notification)).rejects.toThrow(/not connected/i);
      await channel.connect();
      await channel.connect();
      expect(channel.state).toBe("connected");
      await channel.disconnect();
      await expect(channel.publishState?.(state)).rejects.toThrow(/not connected/i);
      channel.off("stateChange", listener);
      await channel.connect();
      expect(states).toEqual(["connected", "disconnected"]);
      await channel.disconnect();
    });

    it("brings each notification to every subscriber once, until it lets go", async () => {
      await channel.connect();
      await channel.connect();
      const heard: string[] = [];
      const letGo = channel.subscribe(({ jobName }) => void heard.push(`first ${jobName}`));
      channel.subscribe(() => {
        throw new Error("a subscriber's own trouble");
      });
      channel.on("error", () => undefined);
      const second = new Promise<JobNotification>((resolve) => channel.subscribe(resolve));
      await channel.publish(notification);
      expect(await second).toEqual(notification);
      letGo();
      const third = new Promise<JobNotification>((resolve) => channel.subscribe(resolve));
      await channel.publish(notification);
      await third;
      expect(heard).toEqual([`first ${nasty}`]);
      await channel.disconnect();
    });

    it("brings the states of jobs too, apart from the new jobs", async () => {
      await channel.connect();
      channel.subscribe(() => expect.fail("not a new job"));
      const heard = new Promise<JobStateNotification>((resolve) => channel.subscribeState?.(resolve));
      await channel.publishState?.(state);
      expect(await heard).toEqual(state);
      await channel.disconnect();
    });

    it("does not let a publisher wait for a worker", async () => {
      await channel.connect();
      channel.subscribe(() => new Promise<void>(() => undefined));
      await channel.publish(notification);
      await channel.disconnect();
    });
  });
}
