import { eq } from "drizzle-orm";
import type { BackupId } from "../domain/ids.ts";
import type { BackupRow } from "./backups.ts";
import type { Db } from "./client.ts";
import { backups } from "./schema/index.ts";

/** How a backup read its source, and what that asked of it. */
export type Reading = Partial<Pick<BackupRow, "engineUsed" | "engineReason" | "sourceLoad">>;

export async function recordReading(db: Db, id: BackupId, reading: Reading): Promise<void> {
  if (Object.keys(reading).length > 0) await db.update(backups).set(reading).where(eq(backups.id, id));
}
