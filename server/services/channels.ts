import { type ChannelRow, findChannel, insertChannel, listChannels, removeChannel, updateChannelRow } from "../db/channels.ts";
import type { Db } from "../db/client.ts";
import { failQueued } from "../db/deliveries.ts";
import { findSources } from "../db/sources.ts";
import { type Actor, allow } from "../domain/access.ts";
import { badInput, notFound } from "../domain/errors.ts";
import { type ChannelId, newId, type SourceId } from "../domain/ids.ts";
import { testMessage } from "../domain/notification-form.ts";
import type { Outcome } from "../engine/notify/outcome.ts";
import type { Bus } from "../events/bus.ts";
import type { Audit } from "./audit.ts";
import { type ChannelRequest, checkEvents, checkName, checkTarget } from "./channel-request.ts";
import { mailTarget, outcomeOf, type Sending, type Target } from "./sending.ts";
import type { OwnedSettings } from "./settings.ts";
import { uniqueName } from "./unique-name.ts";

export type { ChannelRow } from "../db/channels.ts";

interface Dependencies {
  readonly db: Db;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly sending: Sending;
  readonly now: () => Date;
}

/** A channel with the key that was made for it, which is shown this once. */
export interface SavedChannel {
  readonly channel: ChannelRow;
  readonly signingKey: string | null;
}

/** What came of a test, for a person. */
export interface TestResult {
  readonly ok: boolean;
  readonly message: string;
  readonly hint: string | null;
}

export type Channels = ReturnType<typeof createChannels>;

/** A person waits for a test. */
const testMilliseconds = 10_000;

/** Where people are told. */
export function createChannels({ db, bus, audit, settings, sending, now }: Dependencies) {
  const existing = async (id: ChannelId): Promise<ChannelRow> => {
    const row = await findChannel(db, id);
    if (!row) throw notFound("notification channel", id);
    return row;
  };

  const allowedNow = async () => (await settings.current()).allowedEndpoints;

  async function checkSources(ids: readonly SourceId[] | null): Promise<readonly SourceId[] | null> {
    const wanted = ids && [...new Set(ids)];
    if (!wanted || wanted.length === 0) return null;
    const known = new Set((await findSources(db, wanted)).map(({ id }) => id));
    for (const id of wanted) if (!known.has(id)) throw notFound("source", id);
    return wanted;
  }

  /** The stored row's target; one whose key is lost counts as having no secret, so that it can be entered again. */
  function presentTarget(row: ChannelRow): Target {
    try {
      return sending.targetOf(row);
    } catch {
      return { kind: row.kind, config: row.config, secret: {} };
    }
  }

  function checkKind(row: ChannelRow, request: ChannelRequest): void {
    if (row.kind !== request.kind) throw badInput("A channel keeps its kind.", "Add another channel, and remove this one.");
  }

  async function tried(target: Target): Promise<TestResult> {
    const at = now();
    const outcome: Outcome = await sending
      .send(target, newId(), testMessage(at), new AbortController().signal, testMilliseconds)
      .catch(outcomeOf);
    return outcome.ok
      ? { ok: true, message: outcome.note ?? "Sent. It should have arrived.", hint: null }
      : { ok: false, message: outcome.message, hint: outcome.hint };
  }

  return {
    existing,

    async list(actor: Actor | null): Promise<ChannelRow[]> {
      allow(actor, "read");
      return listChannels(db);
    },

    async create(actor: Actor | null, request: ChannelRequest): Promise<SavedChannel> {
      allow(actor, "configure");
      const name = checkName(request.name);
      const { config, secret, madeKey } = checkTarget(request, null, await allowedNow());
      const id = newId<ChannelId>();
      const row: ChannelRow = {
        ...{ id, name, kind: request.kind, config, secret: sending.seal(id, secret), events: checkEvents(request) },
        ...{ sourceIds: await checkSources(request.sourceIds ?? null), active: request.active ?? true, createdAt: now() },
      };
      await uniqueName("channel", name, () => insertChannel(db, row));
      await audit.record(actor, "channel.create", name, { kind: row.kind, events: row.events, active: row.active });
      return { channel: row, signingKey: madeKey };
    },

    async update(actor: Actor | null, id: ChannelId, request: ChannelRequest): Promise<SavedChannel> {
      allow(actor, "configure");
      const row = await existing(id);
      checkKind(row, request);
      const name = checkName(request.name);
      const { config, secret, madeKey } = checkTarget(request, presentTarget(row), await allowedNow());
      const changes = {
        ...{ name, config, secret: sending.seal(id, secret), events: checkEvents({ ...request, events: request.events ?? row.events }) },
        ...{ sourceIds: await checkSources(request.sourceIds === undefined ? row.sourceIds : request.sourceIds) },
        active: request.active ?? true,
      };
      await uniqueName("channel", name, () => updateChannelRow(db, id, changes));
      await audit.record(actor, "channel.update", name, { kind: row.kind, events: changes.events, active: changes.active });
      return { channel: await existing(id), signingKey: madeKey };
    },

    async remove(actor: Actor | null, id: ChannelId): Promise<boolean> {
      allow(actor, "configure");
      const row = await existing(id);
      const given = await db.transaction(async (tx) => {
        const ids = await failQueued(tx, id, "The channel was removed.");
        await removeChannel(tx, id);
        return ids;
      });
      for (const each of given) bus.publish("delivery", { id: each });
      await audit.record(actor, "channel.delete", row.name, { kind: row.kind });
      return true;
    },

    /** Sends a test by a stored channel, by an input before it is stored, or by an input that changes a stored one. */
    async test(actor: Actor | null, id: ChannelId | null, request: ChannelRequest | null): Promise<TestResult> {
      allow(actor, "configure");
      const row = id ? await existing(id) : null;
      if (!request) {
        if (!row) throw badInput("Name a channel by id, or give an input to test.");
        return tried(sending.targetOf(row));
      }
      if (row) checkKind(row, request);
      const { config, secret } = checkTarget(request, row && presentTarget(row), await allowedNow());
      return tried({ kind: request.kind, config, secret });
    },

    /** The same by mail to the addresses of the settings. */
    async testEmail(actor: Actor | null): Promise<TestResult> {
      allow(actor, "configure");
      const { notificationEmails } = await settings.current();
      if (notificationEmails.length === 0)
        return { ok: false, message: "The settings name no address to send to.", hint: "Enter one first." };
      return tried(mailTarget(notificationEmails));
    },
  };
}

/** What anybody may see of where a channel sends to. */
export function targetOf({ kind, config }: Pick<ChannelRow, "kind" | "config">): string {
  switch (kind) {
    case "EMAIL":
      return config.addresses?.join(", ") ?? "";
    case "TELEGRAM":
      return `chat ${config.chatId ?? ""}`;
    case "NTFY":
      return `${config.host ?? ""}/${config.topic ?? ""}`;
    default:
      return config.host ?? "";
  }
}
