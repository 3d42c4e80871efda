import { findChannel } from "../db/channels.ts";
import type { Db } from "../db/client.ts";
import {
  claimDelivery,
  type DeliveryFilter,
  type DeliveryRow,
  findDelivery,
  lastDeliveries,
  listQueued,
  listWaitingChannels,
  pageDeliveries,
  requeueDelivery,
  settleDelivery,
} from "../db/deliveries.ts";
import { type Actor, allow } from "../domain/access.ts";
import { Failure, notFound } from "../domain/errors.ts";
import type { ChannelId, DeliveryId } from "../domain/ids.ts";
import { mailName, nextTry } from "../domain/notification.ts";
import { lasting, type Outcome } from "../engine/notify/outcome.ts";
import type { Bus } from "../events/bus.ts";
import type { Audit } from "./audit.ts";
import { firstOf } from "./paging.ts";
import { mailTarget, outcomeOf, type Sending } from "./sending.ts";
import type { OwnedSettings } from "./settings.ts";
import { watching } from "./watch.ts";

export type { DeliveryRow } from "../db/deliveries.ts";

interface Dependencies {
  readonly db: Db;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly sending: Sending;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

export type Deliveries = ReturnType<typeof createDeliveries>;

/** Longer than any try takes: another worker may then take what this one left. */
const claimMilliseconds = 120_000;
/** How long the end of the process waits for what is being sent. */
const graceMilliseconds = 5000;
const minute = 60_000;

/** Empties the outbox: each channel by itself, one message at a time, so that a dead one holds nobody else up. */
export function createDeliveries({ db, bus, audit, settings, sending, now, onError }: Dependencies) {
  const chains = new Map<ChannelId | null, Promise<void>>();
  /** Channels that something was added for while their chain ran. */
  const again = new Set<ChannelId | null>();
  const stopping = new AbortController();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function outcomeFor(row: DeliveryRow): Promise<Outcome> {
    if (row.channelId === null) {
      const { notificationEmails } = await settings.current();
      if (notificationEmails.length === 0) return lasting("The settings name no address to send to.");
      return sending.send(mailTarget(notificationEmails), row.id, row.message, stopping.signal);
    }
    const channel = await findChannel(db, row.channelId);
    if (!channel?.active) return lasting(channel ? "The channel is turned off." : "The channel was removed.");
    return sending.send(sending.targetOf(channel), row.id, row.message, stopping.signal);
  }

  async function attempt(id: DeliveryId): Promise<void> {
    const at = now();
    if (!(await claimDelivery(db, id, at, new Date(at.getTime() + claimMilliseconds)))) return;
    const row = await findDelivery(db, id);
    if (!row) return;
    const settle = (changes: Parameters<typeof settleDelivery>[3]) => settleDelivery(db, id, row.attempts, changes);
    try {
      const outcome = await outcomeFor(row).catch((error: unknown) => {
        stopping.signal.throwIfAborted();
        return outcomeOf(error);
      });
      if (outcome.ok) await settle({ status: "SENT", sentAt: now(), nextAttemptAt: null, lastError: outcome.note ?? null });
      else {
        const next = nextTry(row.attempts, outcome, now());
        const lastError = [outcome.message, outcome.hint].filter(Boolean).join(" ");
        await settle({ status: next ? "QUEUED" : "FAILED", nextAttemptAt: next, lastError });
      }
    } catch (error) {
      // Stopped in the middle: it may have arrived, but nobody knows. The next start sends it under the same id.
      if (stopping.signal.aborted) await settle({ attempts: row.attempts - 1, nextAttemptAt: now() });
      else {
        await settle({
          nextAttemptAt: nextTry(row.attempts, { permanent: false }, now()),
          lastError: "An unforeseen error; the log has more.",
        });
        throw error;
      }
    } finally {
      bus.publish("delivery", { id });
    }
  }

  /** The next that is due: never one whose subject has an older one waiting, or a recovery would be told before its failure. */
  async function nextDue(channelId: ChannelId | null): Promise<DeliveryId | null> {
    const subjects = new Set<string>();
    let soonest = Number.POSITIVE_INFINITY;
    for (const { id, subject, nextAttemptAt } of await listQueued(db, channelId)) {
      if (subjects.has(subject)) continue;
      subjects.add(subject);
      const due = nextAttemptAt?.getTime() ?? 0;
      if (due <= now().getTime()) return id;
      soonest = Math.min(soonest, due);
    }
    lookAgainAt(soonest);
    return null;
  }

  /** Sooner than upkeep would, for a first retry. */
  function lookAgainAt(instant: number): void {
    const wait = Math.max(instant - now().getTime(), 1000);
    if (wait >= minute || stopped) return;
    clearTimeout(timer);
    timer = setTimeout(() => void wake().catch(onError), wait).unref();
  }

  async function run(channelId: ChannelId | null): Promise<void> {
    do {
      again.delete(channelId);
      for (let id = await nextDue(channelId); id !== null && !stopped; id = await nextDue(channelId)) await attempt(id);
    } while (again.has(channelId) && !stopped);
  }

  async function wake(): Promise<void> {
    if (stopped) return;
    for (const channelId of await listWaitingChannels(db)) {
      again.add(channelId);
      if (chains.has(channelId)) continue;
      const chain = run(channelId)
        .catch(onError)
        .finally(() => chains.delete(channelId));
      chains.set(channelId, chain);
    }
  }

  const existing = async (id: DeliveryId): Promise<DeliveryRow> => {
    const row = await findDelivery(db, id);
    if (!row) throw notFound("delivery", id);
    return row;
  };

  return {
    /** Begins to send what is due; returns when it has begun. */
    wake,

    /** Resolves when nothing is being sent. */
    async idle(): Promise<void> {
      while (chains.size > 0) await Promise.all(chains.values());
    },

    /** Lets what is being sent end, for a moment; what does not stays in the outbox. */
    async stop(grace = graceMilliseconds): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      const cut = setTimeout(() => stopping.abort(), grace);
      await Promise.all(chains.values());
      clearTimeout(cut);
    },

    async page(actor: Actor | null, filter: DeliveryFilter, first: number, after: string | null) {
      allow(actor, "read");
      return pageDeliveries(db, filter, firstOf(first), after);
    },

    /** Has a failed one tried from the beginning. */
    async retry(actor: Actor | null, id: DeliveryId): Promise<DeliveryRow> {
      allow(actor, "configure");
      const row = await existing(id);
      if (row.channelId === null && row.channelName !== mailName)
        throw new Failure("CONFLICT", `The channel ${row.channelName} was removed.`, "There is nowhere to send this any more.");
      if (!(await requeueDelivery(db, id, now())))
        throw new Failure(
          "CONFLICT",
          row.status === "SENT" ? "This has been sent already." : "This is still being tried.",
          "Only what has failed is tried again by hand.",
        );
      await audit.record(actor, "delivery.retry", row.channelName, { title: row.message.title });
      bus.publish("delivery", { id });
      await wake();
      return existing(id);
    },

    async watchChanges(actor: Actor | null) {
      allow(actor, "read");
      return watching(bus.subscribe("delivery"), async function* (events) {
        for await (const { id } of events) {
          const row = await findDelivery(db, id);
          if (row) yield row;
        }
      });
    },

    /** The newest of each of these channels, for callers that were already allowed to read them. */
    lastOf: (ids: readonly ChannelId[]) => lastDeliveries(db, ids),
  };
}
