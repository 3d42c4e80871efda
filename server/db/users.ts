import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { and, asc, eq } from "drizzle-orm";
import { newId, type UserId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import { accounts, authVerifications, sessions, users } from "./schema/index.ts";

type Row = typeof users.$inferSelect;

/** A user as administrators see them. */
export type User = Pick<Row, "id" | "name" | "email" | "role" | "createdAt">;
export type NewUser = User & { readonly passwordHash: string };

/** Why a user was not made. */
export type UserRefusal = "EMAIL_TAKEN" | "NOT_FIRST";

/** Whether there is a user at all. */
export async function anyUser(db: Pick<Db, "select">): Promise<boolean> {
  return (await db.select({ id: users.id }).from(users).limit(1)).length > 0;
}

/** All users, oldest first. */
export const listUsers = (db: Db): Promise<User[]> =>
  db
    .select({ id: users.id, name: users.name, email: users.email, role: users.role, createdAt: users.createdAt })
    .from(users)
    .orderBy(asc(users.createdAt), asc(users.id));

/** The hash of what the user signs in with; null for one without a password. */
export async function findPasswordHash(db: Db, userId: string): Promise<string | null> {
  const [row] = await db
    .select({ password: accounts.password })
    .from(accounts)
    .where(and(eq(accounts.userId, userId as UserId), eq(accounts.providerId, "credential")));
  return row?.password ?? null;
}

/** Makes a user with a password; null when done. */
export const insertUser = (db: Db, user: NewUser): Promise<UserRefusal | null> => insert(db, user, newId(), false);

// The first user's account always has this id, so that of several processes that make one at once the primary key lets one through,
// at every isolation level. Counting users would not: they do not see each other's yet.
const firstAccountId = "00000000-0000-4000-8000-000000000001";

/** Makes the user only if there is none: of calls at the same time, in whatever process, one succeeds. Null when done. */
export const insertFirstUser = (db: Db, user: NewUser): Promise<UserRefusal | null> => insert(db, user, firstAccountId, true);

async function insert(db: Db, { passwordHash, ...user }: NewUser, accountId: string, first: boolean): Promise<UserRefusal | null> {
  const times = { createdAt: user.createdAt, updatedAt: user.createdAt };
  try {
    return await db.transaction(async (tx) => {
      if (first && (await anyUser(tx))) return "NOT_FIRST";
      await tx.insert(users).values({ ...user, ...times });
      await tx
        .insert(accounts)
        .values({ ...times, id: accountId, accountId: user.id, providerId: "credential", userId: user.id, password: passwordHash });
      return null;
    });
  } catch (error) {
    const code = sqlCodeOf(error);
    if (code === "ER_DUP_ENTRY") return first ? "NOT_FIRST" : "EMAIL_TAKEN";
    throw error;
  }
}

const sqlCodeOf = (error: unknown) =>
  error instanceof Error && error.cause instanceof Error && "code" in error.cause ? error.cause.code : null;

/** What better-auth keeps its users, sessions, accounts and verifications in: our tables, under its model names. */
export const authStore = (db: Db) =>
  drizzleAdapter(db, { provider: "mysql", schema: { user: users, session: sessions, account: accounts, verification: authVerifications } });
