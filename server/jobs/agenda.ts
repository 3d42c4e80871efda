import { Agenda } from "agenda";
import type { Pool } from "mysql2/promise";
import type { Queue } from "../services/queue.ts";
import type { Services } from "../services/services.ts";
import type { Upkeep } from "../services/upkeep.ts";
import { thisWorker, workerIsGone } from "../services/worker.ts";
import { MysqlBackend } from "./backend/mysql-backend.ts";
import { defineBackup } from "./backup.ts";
import { defineCleanup } from "./cleanup.ts";
import { defineCopy } from "./copy.ts";
import { defineInspection } from "./inspection.ts";
import { defineRestore } from "./restore.ts";
import { alarmOn, defineSchedule } from "./schedule.ts";
import { defineUpkeep } from "./upkeep.ts";
import { defineVerification } from "./verification.ts";

/** The queue that wakes workers; it runs nothing until `start`. */
export interface Jobs extends Queue {
  start(
    services: Pick<Services, "backups" | "restores" | "verifications" | "cleanups" | "copies" | "uploads" | "scheduleRuns">,
    upkeep: Upkeep,
  ): Promise<void>;
  /** Throws when the queue has not looked for work for a while, or has not begun to. */
  checkAlive(): void;
  /** Takes no more jobs. What runs is the operations' own to stop. */
  stop(): Promise<void>;
}

/** It looks every 5 seconds. */
const longestSilenceSeconds = 60;

/** Opens Agenda on the catalog. */
export async function openJobs(pool: Pool, onError: (error: unknown) => void): Promise<Jobs> {
  const backend = new MysqlBackend(pool);
  await backend.connect();
  const agenda = new Agenda({ backend, name: thisWorker(), processEvery: "5 seconds", maxConcurrency: 1000 });
  agenda.on("error", onError);
  agenda.on("fail", (error: unknown) => onError(error));
  await agenda.ready;
  let lastLook: number | null = null;
  const claim = backend.repository.getNextJobToRun.bind(backend.repository);
  backend.repository.getNextJobToRun = (...asked) => {
    lastLook = performance.now();
    return claim(...asked);
  };
  return {
    alarm: alarmOn(backend),
    async add(job: string, id: string) {
      await backend.removeEnded(job, { id });
      await agenda.create(job, { id }).unique({ "data.id": id }, { insertOnly: true }).schedule(new Date()).save();
    },
    async start({ backups, restores, verifications, cleanups, copies, uploads, scheduleRuns }, upkeep) {
      defineBackup(agenda, backups);
      defineRestore(agenda, restores);
      defineVerification(agenda, verifications);
      defineCleanup(agenda, cleanups);
      defineCopy(agenda, copies);
      defineInspection(agenda, uploads);
      defineSchedule(agenda, scheduleRuns);
      defineUpkeep(agenda, {
        async perform() {
          await backend.releaseJobsOf(workerIsGone).catch(onError);
          await upkeep.perform();
        },
      });
      // What a killed server had claimed goes on at once.
      await backend.releaseJobsOf(workerIsGone);
      lastLook = performance.now();
      await agenda.start();
      await agenda.every("1 minute", "upkeep");
    },
    checkAlive() {
      if (lastLook === null) throw new Error("The queue has not begun yet.");
      const seconds = Math.round((performance.now() - lastLook) / 1000);
      if (seconds > longestSilenceSeconds) throw new Error(`The queue has not looked for work for ${seconds} seconds.`);
    },
    async stop() {
      lastLook = null;
      await agenda.stop(false);
    },
  };
}
