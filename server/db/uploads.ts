import { and, desc, eq, inArray, lt } from "drizzle-orm";
import type { UploadState } from "../../shared/enums.ts";
import type { UploadId } from "../domain/ids.ts";
import { activeStatuses } from "../domain/operation.ts";
import type { Db } from "./client.ts";
import { restores, uploads } from "./schema/index.ts";

export type UploadRow = typeof uploads.$inferSelect;

export async function insertUpload(db: Db, row: typeof uploads.$inferInsert): Promise<void> {
  await db.insert(uploads).values(row);
}

export async function findUpload(db: Db, id: UploadId): Promise<UploadRow | null> {
  const [row] = await db.select().from(uploads).where(eq(uploads.id, id));
  return row ?? null;
}

/** Those of the ids that are there, in no order. */
export const findUploads = async (db: Db, ids: readonly UploadId[]): Promise<UploadRow[]> =>
  ids.length
    ? db
        .select()
        .from(uploads)
        .where(inArray(uploads.id, [...ids]))
    : [];

/** All of them, newest first. */
export const listUploads = (db: Db): Promise<UploadRow[]> => db.select().from(uploads).orderBy(desc(uploads.createdAt), desc(uploads.id));

export const listUploadsIn = (db: Db, state: UploadState): Promise<UploadRow[]> =>
  db.select().from(uploads).where(eq(uploads.state, state));

export const listExpiredUploads = (db: Db, now: Date): Promise<UploadRow[]> => db.select().from(uploads).where(lt(uploads.expiresAt, now));

/** Changes an upload that is in `from`; false when it is not (any more), and then nothing changed. */
export async function moveUpload(
  db: Db,
  id: UploadId,
  from: UploadState,
  change: Partial<Omit<UploadRow, "id">> & { readonly state: UploadState },
): Promise<boolean> {
  const [result] = await db
    .update(uploads)
    .set(change)
    .where(and(eq(uploads.id, id), eq(uploads.state, from)));
  return result.affectedRows === 1;
}

/** False when there was none. */
export async function deleteUpload(db: Db, id: UploadId): Promise<boolean> {
  const [result] = await db.delete(uploads).where(eq(uploads.id, id));
  return result.affectedRows === 1;
}

/** The uploads that a restore waits for or reads now. */
export async function uploadsInUse(db: Db): Promise<Set<UploadId>> {
  const rows = await db
    .select({ ids: restores.uploadIds })
    .from(restores)
    .where(inArray(restores.status, [...activeStatuses]));
  return new Set(rows.flatMap(({ ids }) => ids ?? []));
}
