import { and, asc, eq, inArray, sql } from "drizzle-orm";
import type { NotificationEvent } from "../../shared/enums.ts";
import type { AlertState } from "../domain/alert-state.ts";
import type { Db } from "./client.ts";
import { alertStates } from "./schema/index.ts";

export type AlertRow = typeof alertStates.$inferSelect;

/** Everything that is wrong now, the oldest first. */
export const listRaised = (db: Db): Promise<AlertRow[]> =>
  db.select().from(alertStates).where(eq(alertStates.raised, true)).orderBy(asc(alertStates.since), asc(alertStates.id));

/** Makes the subject's rows where there are none; harmless beside others who do the same. */
export async function ensureStates(db: Db, subject: string, events: readonly NotificationEvent[], since: Date): Promise<void> {
  const known = await db.select({ event: alertStates.event }).from(alertStates).where(eq(alertStates.subject, subject));
  const missing = events.filter((event) => !known.some((row) => row.event === event));
  if (missing.length === 0) return;
  await db
    .insert(alertStates)
    .ignore()
    .values(missing.map((event) => ({ subject, event, raised: false, since, cursorAt: since, details: {} })));
}

/** Locks the subject's states for this transaction: one at a time works out what is new about it. */
export const lockStates = (tx: Db, subject: string): Promise<AlertRow[]> =>
  tx.select().from(alertStates).where(eq(alertStates.subject, subject)).orderBy(asc(alertStates.id)).for("update");

export async function writeState(tx: Db, subject: string, event: NotificationEvent, state: AlertState, cursorAt?: Date): Promise<void> {
  await tx
    .update(alertStates)
    .set({ raised: state.raised, since: state.since, details: state.details, ...(cursorAt ? { cursorAt } : {}) })
    .where(and(eq(alertStates.subject, subject), eq(alertStates.event, event)));
}

/** Forgets subjects of this kind that are gone. */
export async function removeStatesExcept(db: Db, kind: "source" | "schedule" | "storage", ids: readonly string[]): Promise<void> {
  const rows = await db
    .selectDistinct({ subject: alertStates.subject })
    .from(alertStates)
    .where(sql`${alertStates.subject} like ${`${kind}:%`}`);
  const gone = rows.map(({ subject }) => subject).filter((subject) => !ids.includes(subject.slice(kind.length + 1)));
  if (gone.length > 0) await db.delete(alertStates).where(inArray(alertStates.subject, gone));
}
