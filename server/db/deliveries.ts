import { and, asc, count, desc, eq, getTableColumns, inArray, isNull, lte, max, or, sql } from "drizzle-orm";
import type { DeliveryStatus } from "../../shared/enums.ts";
import type { ChannelId, DeliveryId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { after, type Page, pageOf } from "./paging.ts";
import { deliveries } from "./schema/index.ts";

export type DeliveryRow = typeof deliveries.$inferSelect;
export type NewDelivery = typeof deliveries.$inferInsert;

export interface DeliveryFilter {
  readonly channelId?: ChannelId | null;
  readonly status?: readonly DeliveryStatus[] | null;
}

export async function insertDeliveries(db: Db, rows: readonly NewDelivery[]): Promise<void> {
  if (rows.length > 0) await db.insert(deliveries).values([...rows]);
}

export async function findDelivery(db: Db, id: DeliveryId): Promise<DeliveryRow | null> {
  const [row] = await db.select().from(deliveries).where(eq(deliveries.id, id));
  return row ?? null;
}

/** A page of deliveries, newest first. */
export async function pageDeliveries(db: Db, filter: DeliveryFilter, first: number, cursor: string | null): Promise<Page<DeliveryRow>> {
  const where = and(
    filter.channelId ? eq(deliveries.channelId, filter.channelId) : undefined,
    filter.status ? inArray(deliveries.status, [...filter.status]) : undefined,
  );
  const [total] = await db.select({ count: count() }).from(deliveries).where(where);
  const rows = await db
    .select()
    .from(deliveries)
    .where(and(where, after(deliveries.createdAt, deliveries.id, cursor)))
    .orderBy(desc(deliveries.createdAt), desc(deliveries.id))
    .limit(first + 1);
  return pageOf(rows, first, total?.count ?? 0);
}

/** The newest of each of these channels. */
export async function lastDeliveries(db: Db, ids: readonly ChannelId[]): Promise<(DeliveryRow & { readonly channelId: ChannelId })[]> {
  const newest = db
    .select({ channelId: deliveries.channelId, at: max(deliveries.createdAt).as("at") })
    .from(deliveries)
    .where(inArray(deliveries.channelId, [...ids]))
    .groupBy(deliveries.channelId)
    .as("newest");
  const rows = await db
    .select(getTableColumns(deliveries))
    .from(deliveries)
    .innerJoin(newest, and(eq(deliveries.channelId, newest.channelId), eq(deliveries.createdAt, newest.at)))
    .orderBy(asc(deliveries.id));
  return rows.flatMap((row) => (row.channelId === null ? [] : [{ ...row, channelId: row.channelId }]));
}

/** The channels that something waits for; null is the mail of the settings. */
export async function listWaitingChannels(db: Db): Promise<(ChannelId | null)[]> {
  const rows = await db.selectDistinct({ channelId: deliveries.channelId }).from(deliveries).where(eq(deliveries.status, "QUEUED"));
  return rows.map(({ channelId }) => channelId);
}

/** What waits for this channel, the oldest first. */
export const listQueued = (db: Db, channelId: ChannelId | null): Promise<Pick<DeliveryRow, "id" | "subject" | "nextAttemptAt">[]> =>
  db
    .select({ id: deliveries.id, subject: deliveries.subject, nextAttemptAt: deliveries.nextAttemptAt })
    .from(deliveries)
    .where(and(eq(deliveries.status, "QUEUED"), ofChannel(channelId)))
    .orderBy(asc(deliveries.createdAt), asc(deliveries.id))
    .limit(200);

const ofChannel = (channelId: ChannelId | null) =>
  channelId === null ? isNull(deliveries.channelId) : eq(deliveries.channelId, channelId);

/** Gives up what waits for a channel, because it goes away; gives their ids. */
export async function failQueued(db: Db, channelId: ChannelId, lastError: string): Promise<DeliveryId[]> {
  const waiting = and(eq(deliveries.status, "QUEUED"), ofChannel(channelId));
  const rows = await db.select({ id: deliveries.id }).from(deliveries).where(waiting);
  await db.update(deliveries).set({ status: "FAILED", nextAttemptAt: null, lastError }).where(waiting);
  return rows.map(({ id }) => id);
}

/** Counts a try and keeps others from it until `until`; false when it is not due any more, so that two workers cannot both send it. */
export async function claimDelivery(db: Db, id: DeliveryId, now: Date, until: Date): Promise<boolean> {
  const [result] = await db
    .update(deliveries)
    .set({ attempts: sql`${deliveries.attempts} + 1`, nextAttemptAt: until })
    .where(
      and(eq(deliveries.id, id), eq(deliveries.status, "QUEUED"), or(isNull(deliveries.nextAttemptAt), lte(deliveries.nextAttemptAt, now))),
    );
  return result.affectedRows === 1;
}

/** Writes down what became of a try; only of the one that was counted as `attempts`. */
export async function settleDelivery(
  db: Db,
  id: DeliveryId,
  attempts: number,
  changes: Partial<Pick<DeliveryRow, "status" | "attempts" | "nextAttemptAt" | "lastError" | "sentAt">>,
): Promise<void> {
  await db
    .update(deliveries)
    .set(changes)
    .where(and(eq(deliveries.id, id), eq(deliveries.status, "QUEUED"), eq(deliveries.attempts, attempts)));
}

/** Has a failed one tried from the beginning; false when it has not failed. */
export async function requeueDelivery(db: Db, id: DeliveryId, now: Date): Promise<boolean> {
  const [result] = await db
    .update(deliveries)
    .set({ status: "QUEUED", attempts: 0, nextAttemptAt: now })
    .where(and(eq(deliveries.id, id), eq(deliveries.status, "FAILED")));
  return result.affectedRows === 1;
}
