import { eq } from "drizzle-orm";
import type { Db } from "./client.ts";
import { settings } from "./schema/index.ts";

export type SettingsRow = Omit<typeof settings.$inferSelect, "id">;

/** The settings; null before the first start wrote them. */
export async function readSettings(db: Db): Promise<SettingsRow | null> {
  const [row] = await db
    .select({ compression: settings.compression, compressionLevel: settings.compressionLevel })
    .from(settings)
    .where(eq(settings.id, 1));
  return row ?? null;
}

export async function writeSettings(db: Db, row: SettingsRow): Promise<void> {
  await db
    .insert(settings)
    .values({ id: 1, ...row })
    .onDuplicateKeyUpdate({ set: row });
}
