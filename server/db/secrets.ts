import { isNotNull } from "drizzle-orm";
import type { Db } from "./client.ts";
import { sources } from "./schema/index.ts";

/** Whether the catalog holds anything that only the present key file opens: then a lost file must not be replaced by a new key. */
export async function holdsSealedSecrets(db: Db): Promise<boolean> {
  const rows = await db.select({ id: sources.id }).from(sources).where(isNotNull(sources.databasePassword)).limit(1);
  return rows.length > 0;
}
