import { boolean, index, int, mysqlTable, text, unique, varchar } from "drizzle-orm/mysql-core";
import type { ChannelKind, DeliveryStatus, NotificationEvent } from "../../../shared/enums.ts";
import type { AlertDetails } from "../../domain/alert-state.ts";
import type { ChannelId, DeliveryId, SourceId } from "../../domain/ids.ts";
import type { ChannelConfig, Message } from "../../domain/notification.ts";
import { id, instant, json, word } from "../columns.ts";

/** Where people are told. */
export const channels = mysqlTable("channels", {
  id: id<ChannelId>().primaryKey(),
  name: varchar({ length: 120 }).notNull().unique(),
  kind: word<ChannelKind>().notNull(),
  /** What anybody may see of it. */
  config: json<ChannelConfig>().notNull(),
  /** Addresses with secrets in them, tokens and signing keys: sealed by services/secrets.ts. */
  secret: text(),
  /** Which events it is told of, and of which sources; null: of all. */
  events: json<readonly NotificationEvent[]>().notNull(),
  sourceIds: json<readonly SourceId[]>(),
  active: boolean().notNull(),
  createdAt: instant().notNull(),
});

/** What was, is being or will be sent: the outbox. */
export const deliveries = mysqlTable(
  "deliveries",
  {
    id: id<DeliveryId>().primaryKey(),
    /** Null: by mail to the addresses of the settings, or a channel that was removed since. */
    channelId: id<ChannelId>().references(() => channels.id, { onDelete: "set null" }),
    /** What it was called then. */
    channelName: varchar({ length: 120 }).notNull(),
    event: word<NotificationEvent>().notNull(),
    /** What it is about: `source:ID`, `storage:ID`, `schedule:ID`. */
    subject: varchar({ length: 80 }).notNull(),
    message: json<Message>().notNull(),
    status: word<DeliveryStatus>().notNull(),
    attempts: int().notNull().default(0),
    nextAttemptAt: instant(),
    lastError: text(),
    createdAt: instant().notNull(),
    sentAt: instant(),
  },
  (table) => [index("deliveries_created").on(table.createdAt, table.id), index("deliveries_due").on(table.status, table.nextAttemptAt)],
);

/** What lasts: one row for each thing that is wrong or was, so that a change is told once. */
export const alertStates = mysqlTable(
  "alert_states",
  {
    id: int().autoincrement().primaryKey(),
    /** As in deliveries. */
    subject: varchar({ length: 80 }).notNull(),
    event: word<NotificationEvent>().notNull(),
    /** Whether it is wrong now. */
    raised: boolean().notNull(),
    since: instant().notNull(),
    /** How far the history that decides it has been read: the end of the last operation and its id. */
    cursorAt: instant(),
    cursorId: varchar({ length: 36 }),
    details: json<AlertDetails>(),
  },
  (table) => [unique("alert_states_subject_event").on(table.subject, table.event)],
);
