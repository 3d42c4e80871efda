import type { Db } from "../db/client.ts";
import {
  appendLog,
  findOperation,
  finish,
  lastLogSequence,
  listActive,
  type OperationError,
  type OperationRow,
  readLog,
  requestCancel,
  type StoredKind,
} from "../db/operations.ts";
import { type Actor, allow } from "../domain/access.ts";
import { Failure, messageOf, notFound } from "../domain/errors.ts";
import type { OperationId } from "../domain/ids.ts";
import { isFinal } from "../domain/operation.ts";
import { conclude, type Progress } from "../domain/progress.ts";
import type { Bus } from "../events/bus.ts";
import type { Admission } from "./admission.ts";
import type { Ended } from "./followers.ts";
import { publishChange } from "./operation-view.ts";
import { CatalogAway, leaseMilliseconds, type RunningOperation, startRunning, type Work } from "./running.ts";
import { watching } from "./watch.ts";
import { thisWorker, workerIsGone } from "./worker.ts";

interface Dependencies {
  readonly db: Db;
  readonly bus: Bus;
  readonly now: () => Date;
  /** Decides what may begin. */
  readonly admission: Pick<Admission, "begin">;
  /** Unforeseen errors, and the heartbeat's. */
  readonly onError: (error: unknown, operationId: OperationId | null) => void;
  /** Told of every operation that has ended. */
  readonly ended: (ended: Ended) => void;
  /** Told where work ended here that another worker had settled meanwhile, because this one was silent for too long. */
  readonly takenOver?: (ended: Ended) => void;
}

export type Operations = ReturnType<typeof createOperations>;

/** The lifecycle of every operation, whatever its kind: begin, lease, report, cancel, finish, and settling after a crash. */
export function createOperations({ db, bus, now, admission, onError, ended: tellEnded, takenOver }: Dependencies) {
  const worker = thisWorker();
  const running = new Map<OperationId, { readonly operation: RunningOperation; readonly ended: Promise<void> }>();
  const stopping = new AbortController();

  const changed = (kind: StoredKind, id: OperationId) => publishChange(bus, kind, id);

  async function conclusion(kind: StoredKind, last: Progress, error: unknown, by: string | null): Promise<boolean> {
    const failure = error === null ? null : operationErrorOf(error);
    const status = failure === null ? "COMPLETED" : failure.code === "CANCELLED" ? "CANCELLED" : "FAILED";
    const progress = conclude(last, status, now());
    const won = await finish(db, kind, progress, failure, by);
    if (won) {
      bus.publish("progress", progress);
      // Followers of the log end when they see that nothing more can come.
      bus.publish("log", { operationId: last.operationId });
      changed(kind, last.operationId);
      tellEnded({ kind, id: last.operationId });
    }
    return won;
  }

  async function perform(kind: StoredKind, first: Progress, work: (work: Work) => Promise<void>, parent?: AbortSignal): Promise<void> {
    const id = first.operationId;
    const operation = await startRunning(
      { db, bus, now, worker, onError: (error) => onError(error, id), stopping: stopping.signal },
      kind,
      first,
    );
    const ended = Promise.withResolvers<void>();
    running.set(id, { operation, ended: ended.promise });
    if (stopping.signal.aborted) operation.cancel("Cancelled because Holdfast was stopped.");
    const onParentAbort = () => operation.cancel("Cancelled with the operation that it was part of.");
    if (parent?.aborted) onParentAbort();
    parent?.addEventListener("abort", onParentAbort, { once: true });
    bus.publish("progress", first);
    changed(kind, id);
    let error: unknown = null;
    try {
      await work(operation);
    } catch (thrown) {
      // What the abort made fail is told as the abort, not as the failure that it caused.
      error = operation.signal.aborted && !(thrown instanceof CatalogAway) ? operation.signal.reason : thrown;
      const { code, message } = operationErrorOf(error);
      if (!(error instanceof CatalogAway)) operation.say(code === "CANCELLED" ? "WARN" : "ERROR", message);
      if (code === "INTERNAL") onError(thrown, id);
    } finally {
      parent?.removeEventListener("abort", onParentAbort);
      await ending(kind, operation, error).catch((failed) => onError(failed, id));
      running.delete(id);
      ended.resolve();
    }
  }

  /** Writes the end down. Where the catalog stays away until Holdfast stops, the next look at what was left finds out how it ended. */
  async function ending(kind: StoredKind, operation: RunningOperation, error: unknown): Promise<void> {
    await operation.settle();
    if (error instanceof CatalogAway) return;
    const won = await operation.patiently(() => conclusion(kind, operation.progress(), error, worker));
    if (!won) takenOver?.({ kind, id: operation.progress().operationId });
  }

  return {
    /**
     * Runs `work` as the operation `id`, if it still waits to be run and may begin now; false when not. Ends it as COMPLETED when
     * the work resolves, as CANCELLED or FAILED with the error otherwise; never throws for the work's own failure.
     * A `parent` that aborts cancels it too.
     */
    async run(id: OperationId, work: (work: Work) => Promise<void>, parent?: AbortSignal): Promise<boolean> {
      const operation = await findOperation(db, id);
      if (operation?.status !== "QUEUED") return false;
      const at = now();
      const lease = { worker, until: new Date(at.getTime() + leaseMilliseconds), at };
      if (!(await admission.begin(operation, lease, parent !== undefined))) return false;
      await perform(operation.kind, { ...operation.progress, status: "RUNNING", at }, work, parent);
      return true;
    },

    /** Ends a waiting operation at once; tells a running one's worker to stop. False when it had ended already. */
    async cancel(actor: Actor | null, id: OperationId): Promise<boolean> {
      allow(actor, "cancel");
      const operation = await findOperation(db, id);
      if (!operation) throw notFound("operation", id);
      if (isFinal(operation.status)) return false;
      if (
        operation.status === "QUEUED" &&
        (await conclusion(operation.kind, operation.progress, new Failure("CANCELLED", "Cancelled before it began."), null))
      )
        return true;
      await requestCancel(db, operation.kind, id);
      running.get(id)?.operation.cancel();
      return true;
    },

    /** All that wait or run; those of this process as they are this instant. */
    async active(actor: Actor | null): Promise<Progress[]> {
      allow(actor, "read");
      return (await listActive(db)).map((operation) => running.get(operation.id)?.operation.progress() ?? operation.progress);
    },

    /** This process's own, fresher than the catalog's; null when it does not run here. */
    liveProgress: (id: OperationId): Progress | null => running.get(id)?.operation.progress() ?? null,

    log: (id: OperationId, after: number) => readLog(db, id, after),

    /** Progress from now on: the present state first; with an id the stream completes with the operation. */
    async watch(actor: Actor | null, id: OperationId | null): Promise<AsyncIterableIterator<Progress>> {
      allow(actor, "read");
      // Listening starts before the present state is read, so that nothing falls between the two.
      const stream = bus.subscribe("progress");
      const present = id === null ? await listActive(db) : [await findOperation(db, id)];
      if (present.includes(null)) {
        stream.close();
        throw notFound("operation", id ?? "");
      }
      return watching(stream, async function* (events) {
        for (const operation of present as OperationRow[]) yield running.get(operation.id)?.operation.progress() ?? operation.progress;
        if (id !== null && present.some((operation) => operation && isFinal(operation.status))) return;
        for await (const progress of events) {
          if (id !== null && progress.operationId !== id) continue;
          yield progress;
          if (id !== null && isFinal(progress.status)) return;
        }
      });
    },

    /** The log after line `after`, then each new line; completes with the operation. */
    async watchLog(actor: Actor | null, id: OperationId, after: number) {
      allow(actor, "read");
      const stream = bus.subscribe("log");
      if (!(await findOperation(db, id))) {
        stream.close();
        throw notFound("operation", id);
      }
      return watching(stream, async function* (events) {
        let last = after;
        const fresh = async () => {
          // The status is read first: lines are written before it becomes final, so none is missed.
          const operation = await findOperation(db, id);
          const lines = await readLog(db, id, last);
          last = lines.at(-1)?.sequence ?? last;
          return { lines, over: !operation || isFinal(operation.status) };
        };
        let { lines, over } = await fresh();
        yield* lines;
        if (over) return;
        for await (const event of events) {
          if (event.operationId !== id) continue;
          ({ lines, over } = await fresh());
          yield* lines;
          if (over) return;
        }
      });
    },

    /**
     * Ends the running operations whose worker is gone. Their kind's `verdict` puts things right first, and says whether
     * the operation had in truth completed (null) or failed.
     */
    async settleInterrupted(verdict: (operation: OperationRow) => Promise<Failure | null>): Promise<void> {
      for (const operation of await listActive(db)) {
        if (operation.status !== "RUNNING" || running.has(operation.id)) continue;
        const gone =
          operation.worker === null ||
          // Ours, and not running: its end could not be written down, because the catalog was away.
          operation.worker === worker ||
          workerIsGone(operation.worker) ||
          (operation.leaseUntil !== null && operation.leaseUntil < now());
        if (!gone) continue;
        const failure = await verdict(operation);
        const sequence = await lastLogSequence(db, operation.id);
        const away = operation.worker === worker ? "The catalog was away" : "Holdfast stopped";
        const message = failure?.message ?? `${away} just after this had been completed.`;
        await appendLog(db, operation.id, [{ sequence: sequence + 1, at: now(), level: failure ? "ERROR" : "WARN", message }]);
        await conclusion(operation.kind, operation.progress, failure, operation.worker);
      }
    },

    /** Those that wait, for the queue to be told again after a restart. */
    async waiting(): Promise<OperationRow[]> {
      return (await listActive(db)).filter((operation) => operation.status === "QUEUED");
    },

    /** Cancels what runs here and waits until all of it has ended and cleaned up. */
    async stop(): Promise<void> {
      stopping.abort();
      const all = [...running.values()];
      for (const { operation } of all) operation.cancel("Cancelled because Holdfast was stopped.");
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

function operationErrorOf(error: unknown): OperationError {
  if (error instanceof Failure) return { code: error.code, reason: error.reason ?? null, message: error.message, hint: error.hint ?? null };
  const message = `Something went wrong that Holdfast did not foresee: ${rootMessage(error)}`;
  return { code: "INTERNAL", reason: null, message, hint: "The server's log has the details." };
}

/** The first line of what lies at the bottom: the errors around it may quote whole statements. */
const rootMessage = (error: unknown): string =>
  error instanceof Error && error.cause ? rootMessage(error.cause) : (messageOf(error).split("\n")[0] ?? "").slice(0, 300);
