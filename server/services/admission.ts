import * as db from "../db/admission.ts";
import type { Db } from "../db/client.ts";
import { appendLog, begin, lastLogSequence, type OperationRow, type StoredKind } from "../db/operations.ts";
import { type Contender, holdsSource, nextToBegin, type Places } from "../domain/admission.ts";
import type { OperationId } from "../domain/ids.ts";
import type { Bus } from "../events/bus.ts";
import { jobOf, type Queue } from "./queue.ts";
import type { OwnedSettings } from "./settings.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly queue: Queue;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  /** A command begins at once what it was asked for: somebody sits in front of it. */
  readonly unlimited: boolean;
}

/** The lease that an operation begins with. */
export interface Lease {
  readonly worker: string;
  readonly until: Date;
  readonly at: Date;
}

/** GONE: it does not wait any more. FULL: no place is free. LATER: another one goes first. */
type Decision = "BEGUN" | "GONE" | "FULL" | "LATER";

export type Admission = ReturnType<typeof createAdmission>;

/** Lets operations begin: so many at once as the settings say, in all processes together, and every source in its turn. */
export function createAdmission({ catalog, bus, queue, settings, now, onError, unlimited }: Dependencies) {
  let deciding: Promise<unknown> = Promise.resolve();
  let again: NodeJS.Timeout | null = null;
  let stopped = false;

  const places = async (): Promise<Places> => {
    const { concurrency, concurrencyPerSource } = await settings.current();
    return { total: concurrency, perSource: concurrencyPerSource };
  };

  function decide({ id, kind }: Pick<OperationRow, "id" | "kind">, lease: Lease, limits: Places | null): Promise<Decision> {
    const start = async (tx: Db) => ((await begin(tx, kind, id, lease.worker, lease.until, lease.at)) ? "BEGUN" : "GONE");
    return catalog.transaction(
      async (tx) => {
        const turns = await db.lockTurns(tx);
        if (limits === null) return start(tx);
        const running = await db.listRunning(tx, now());
        if (running.length >= limits.total) {
          await note(tx, id, `Waiting: ${running.length} of ${limits.total} operations run.`);
          return "FULL";
        }
        const waiting = await db.listWaiting(tx);
        const own = waiting.find((one) => one.id === id);
        if (!own) return "GONE";
        if (!nextToBegin(waiting, running, turns, limits).includes(own)) {
          await note(tx, id, whyNot(own, running, limits));
          return "LATER";
        }
        const decision = await start(tx);
        if (decision === "GONE") return decision;
        const sources = new Set([...waiting, ...running].map(({ source }) => source));
        const last = Math.max(0, ...turns.values());
        await db.writeTurns(tx, new Map([...[...turns].filter(([source]) => sources.has(source)), [own.source, last + 1]]));
        return decision;
      },
      { isolationLevel: "read committed" },
    );
  }

  /** Says once in its log why it waits. */
  async function note(tx: Db, id: OperationId, message: string): Promise<void> {
    if ((await lastLogSequence(tx, id)) === 0) await appendLog(tx, id, [{ sequence: 1, at: now(), level: "INFO", message }]);
  }

  /** Wakes the workers of all that may begin now; should none come, once more in a second. */
  async function wakeNext(): Promise<void> {
    if (unlimited || stopped) return;
    const [waiting, running, turns] = await Promise.all([db.listWaiting(catalog), db.listRunning(catalog, now()), db.readTurns(catalog)]);
    const next = nextToBegin(waiting, running, turns, await places());
    for (const { kind, id } of next) await queue.add(jobOf[kind], id);
    if (next.length === 0 || stopped || again) return;
    // A job that has just refused an operation may swallow the wake-up for it.
    again = setTimeout(() => {
      again = null;
      void wakeNext().catch(onError);
    }, 1000).unref();
  }

  return {
    wakeNext,

    /** Begins the operation, or leaves it waiting until it is its turn; whether it began. `part` of another one needs no place of its own. */
    async begin(operation: Pick<OperationRow, "id" | "kind">, lease: Lease, part: boolean): Promise<boolean> {
      const limits = unlimited || part || operation.kind === "CLEANUP" ? null : await places();
      // One at a time in this process: more of them would only hold connections while they wait for each other.
      const decision = deciding.then(() => decide(operation, lease, limits));
      deciding = decision.catch(() => {});
      const outcome = await decision;
      if (outcome === "FULL" || outcome === "LATER") bus.publish("log", { operationId: operation.id });
      // There is room, and another one is to have it.
      if (outcome === "LATER") await wakeNext();
      return outcome === "BEGUN";
    },

    /** An operation has ended: its place is free. */
    follow: (_: { readonly kind: StoredKind }): Promise<void> => wakeNext(),

    stop(): void {
      stopped = true;
      if (again) clearTimeout(again);
    },
  };
}

function whyNot({ kind, source }: Contender, running: readonly Contender[], { total, perSource }: Places): string {
  const beside = running.filter((one) => one.source === source && holdsSource(one)).length;
  if (holdsSource({ kind }) && beside >= perSource) return `Waiting: ${beside} of ${perSource} operations run on this source.`;
  return `Waiting for its turn: ${running.length} of ${total} operations run.`;
}
