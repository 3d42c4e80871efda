import type { NotificationEvent } from "../../shared/enums.ts";
import { type ChannelRow, listChannels } from "../db/channels.ts";
import type { Db } from "../db/client.ts";
import { insertDeliveries, type NewDelivery } from "../db/deliveries.ts";
import { type DeliveryId, newId, type SourceId } from "../domain/ids.ts";
import { type Message, mailName } from "../domain/notification.ts";
import type { SettingValues } from "../domain/settings.ts";

/** Something to tell. */
export interface News {
  readonly message: Message;
  /** What it is about: `source:ID`, `schedule:ID`, `storage:ID`; `digest`. */
  readonly subject: string;
  /** Null: of no single source, so only channels for all sources are told. */
  readonly sourceId: SourceId | null;
  /** RECOVERED: what has ended; whoever is told of none of that is not told of its end. */
  readonly ended?: readonly NotificationEvent[];
  /** For heartbeats too; `only`: for nobody else, as it is no change. */
  readonly beat?: "also" | "only";
}

/** Who is told what, as it stands at this moment. */
export interface Audience {
  readonly channels: readonly ChannelRow[];
  readonly settings: SettingValues;
}

export const readAudience = async (db: Db, settings: SettingValues): Promise<Audience> => ({ channels: await listChannels(db), settings });

/** Puts a row for each receiver into the outbox, in the order of the news; gives their ids. Part of the caller's transaction. */
export async function putIntoOutbox(tx: Db, { channels, settings }: Audience, news: readonly News[], at: Date): Promise<DeliveryId[]> {
  const rows = news.flatMap((item, index): NewDelivery[] => {
    const { message, subject } = item;
    // What is told in one go keeps its order.
    const createdAt = new Date(at.getTime() + index);
    const row = (channel: Pick<ChannelRow, "id" | "name"> | null): NewDelivery => ({
      ...{ id: newId<DeliveryId>(), channelId: channel?.id ?? null, channelName: channel?.name ?? mailName, event: message.event },
      ...{ subject, message, status: "QUEUED", nextAttemptAt: at, createdAt },
    });
    const told = channels.filter((channel) => channel.active && concerns(channel, item)).map(row);
    return wantsMail(settings, item) ? [...told, row(null)] : told;
  });
  await insertDeliveries(tx, rows);
  return rows.map(({ id }) => id);
}

function concerns({ kind, events, sourceIds }: ChannelRow, { message, sourceId, ended, beat }: News): boolean {
  if (sourceIds !== null && (sourceId === null || !sourceIds.includes(sourceId))) return false;
  if (kind === "HEARTBEAT") return beat !== undefined;
  if (beat === "only" || !events.includes(message.event)) return false;
  return message.event !== "RECOVERED" || (ended ?? []).some((event) => events.includes(event));
}

function wantsMail(
  { emailNotifications, notificationEmails, notifyOnFailure, notifyOnSuccess }: SettingValues,
  { message, beat }: News,
): boolean {
  if (!emailNotifications || notificationEmails.length === 0 || beat === "only") return false;
  if (message.event === "SUCCEEDED") return notifyOnSuccess;
  return message.event === "DIGEST" || notifyOnFailure;
}
