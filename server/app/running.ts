import { createAdmission } from "../services/admission.ts";
import { createFollowers } from "../services/followers.ts";
import { logOperations } from "../services/operation-lines.ts";
import { createOperations } from "../services/operations.ts";
import type { Ground } from "./ground.ts";

/** How operations run: who may begin, their life, their lines in the log, and who is told of their end. */
export function wireRunning({ db, bus, queue, log, owned, now, onError }: Ground) {
  const followers = createFollowers(onError);
  const admission = createAdmission({ catalog: db, bus, queue, settings: owned, now, onError, unlimited: !queue.alarm });
  const operations = createOperations({
    ...{ db, bus, now, admission },
    onError: (error, operationId) => log.error({ err: error, operationId }, "unforeseen error in an operation"),
    ended: followers.tell,
    takenOver: ({ kind, id }) => log.warn({ operationId: id, kind }, "operation was taken over"),
  });
  // A command shows what it does itself; without an alarm this is one.
  const lines = queue.alarm
    ? logOperations({ catalog: db, bus, write: (level, fields, words) => log[level](fields, words), onError })
    : null;
  return { followers, admission, operations, lines };
}
export type Running = ReturnType<typeof wireRunning>;
