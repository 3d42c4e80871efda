import type { Job } from "agenda";

/** How long a job may be silent before another worker takes it; the operation's own lease is shorter. */
export const lockLifetime = 60_000;

/** So many jobs of a kind run here at once: more than ever may, as services/admission.ts decides that. */
export const atOnce = 100;

/** Runs `work` while the job's lock is renewed, however long it takes. */
export async function withHeartbeat(job: Pick<Job, "touch">, work: () => Promise<unknown>): Promise<void> {
  const timer = setInterval(() => void job.touch().catch(() => {}), lockLifetime / 3);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
}
