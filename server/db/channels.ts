import { asc, eq } from "drizzle-orm";
import type { ChannelId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { channels } from "./schema/index.ts";

export type ChannelRow = typeof channels.$inferSelect;

export const listChannels = (db: Db): Promise<ChannelRow[]> => db.select().from(channels).orderBy(asc(channels.name));

export async function findChannel(db: Db, id: ChannelId): Promise<ChannelRow | null> {
  const [row] = await db.select().from(channels).where(eq(channels.id, id));
  return row ?? null;
}

export async function insertChannel(db: Db, row: ChannelRow): Promise<void> {
  await db.insert(channels).values(row);
}

export async function updateChannelRow(db: Db, id: ChannelId, changes: Partial<Omit<ChannelRow, "id">>): Promise<void> {
  await db.update(channels).set(changes).where(eq(channels.id, id));
}

export async function removeChannel(db: Db, id: ChannelId): Promise<void> {
  await db.delete(channels).where(eq(channels.id, id));
}
