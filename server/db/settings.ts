import { eq, inArray, sql } from "drizzle-orm";
import type { SettingOrigin } from "../../shared/enums.ts";
import type { Db } from "./client.ts";
import { settingValues } from "./schema/index.ts";

export type SettingRow = typeof settingValues.$inferSelect;

/** Every setting that somebody set; the others have their defaults. */
export const listSettings = (db: Db): Promise<SettingRow[]> => db.select().from(settingValues);

/** Writes these settings down, over what they were. */
export async function writeSettings(
  db: Db,
  values: Readonly<Record<string, unknown>>,
  { origin, actor, updatedAt }: { readonly origin: SettingOrigin; readonly actor: string; readonly updatedAt: Date },
): Promise<void> {
  await db.transaction(async (tx) => {
    for (const [name, given] of Object.entries(values)) {
      // As text, because null is a value here too: any age, no sender.
      const value = sql`${JSON.stringify(given)}`;
      await tx
        .insert(settingValues)
        .values({ name, value, origin, actor, updatedAt })
        .onDuplicateKeyUpdate({ set: { value, origin, actor, updatedAt } });
    }
  });
}

/** Gives these settings their defaults back. */
export async function clearSettings(db: Db, names: readonly string[]): Promise<void> {
  if (names.length > 0) await db.delete(settingValues).where(inArray(settingValues.name, [...names]));
}

/** One setting's row; null where it has its default. */
export async function findSetting(db: Db, name: string): Promise<SettingRow | null> {
  const [row] = await db.select().from(settingValues).where(eq(settingValues.name, name));
  return row ?? null;
}
