import type { Agenda } from "agenda";
import type { VerificationId } from "../domain/ids.ts";
import type { Verifications } from "../services/verifications.ts";
import { atOnce, lockLifetime, withHeartbeat } from "./heartbeat.ts";

/** Carries out the verification that waits. */
export const defineVerification = (agenda: Agenda, verifications: Pick<Verifications, "perform">) =>
  agenda.define<{ id: VerificationId }>("verification", (job) => withHeartbeat(job, () => verifications.perform(job.attrs.data.id)), {
    lockLifetime,
    concurrency: atOnce,
    removeOnComplete: true,
  });
