import { and, asc, eq, isNull, lt, or } from "drizzle-orm";
import type { ApiTokenId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { apiTokens } from "./schema/index.ts";

type Row = typeof apiTokens.$inferSelect;

/** An API token as anyone may see it. */
export type ApiToken = Omit<Row, "secretHash">;

const columns = {
  id: apiTokens.id,
  name: apiTokens.name,
  role: apiTokens.role,
  createdAt: apiTokens.createdAt,
  expiresAt: apiTokens.expiresAt,
  lastUsedAt: apiTokens.lastUsedAt,
};

/** Keeps a new token by the SHA-256 of its secret. */
export async function insertApiToken(db: Db, token: Row): Promise<void> {
  await db.insert(apiTokens).values(token);
}

/** All tokens, oldest first. */
export const listApiTokens = (db: Db): Promise<ApiToken[]> =>
  db.select(columns).from(apiTokens).orderBy(asc(apiTokens.createdAt), asc(apiTokens.id));

/** The token whose secret has this SHA-256. */
export async function findApiTokenByHash(db: Db, secretHash: string): Promise<ApiToken | null> {
  const [token] = await db.select(columns).from(apiTokens).where(eq(apiTokens.secretHash, secretHash));
  return token ?? null;
}

/** Notes the use, unless one at or after `unlessSince` is noted already. */
export async function markApiTokenUsed(db: Db, id: ApiTokenId, at: Date, unlessSince: Date): Promise<void> {
  await db
    .update(apiTokens)
    .set({ lastUsedAt: at })
    .where(and(eq(apiTokens.id, id), or(isNull(apiTokens.lastUsedAt), lt(apiTokens.lastUsedAt, unlessSince))));
}

/** Whether there was such a token to delete. */
export async function deleteApiToken(db: Db, id: ApiTokenId): Promise<boolean> {
  const [result] = await db.delete(apiTokens).where(eq(apiTokens.id, id));
  return result.affectedRows === 1;
}
