import { isNotNull, like } from "drizzle-orm";
import type { Db } from "./client.ts";
import { channels, settingValues, sources } from "./schema/index.ts";

/** Whether the catalog holds anything that only the present key file opens: then a lost file must not be replaced by a new key. */
export async function holdsSealedSecrets(db: Db): Promise<boolean> {
  const found = await Promise.all([
    db.select({ id: sources.id }).from(sources).where(isNotNull(sources.databasePassword)).limit(1),
    db.select({ id: settingValues.name }).from(settingValues).where(like(settingValues.name, "secret.%")).limit(1),
    db.select({ id: channels.id }).from(channels).where(isNotNull(channels.secret)).limit(1),
  ]);
  return found.some((rows) => rows.length > 0);
}
