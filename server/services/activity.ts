import { type ActivityRow, pageActivity } from "../db/activity.ts";
import type { Db } from "../db/client.ts";
import { type Actor, allow } from "../domain/access.ts";
import { firstOf } from "./paging.ts";

export type { ActivityRow } from "../db/activity.ts";
export type Activity = ReturnType<typeof createActivity>;

/** What Holdfast did, of every kind in one list. */
export const createActivity = ({ db }: { readonly db: Db }) => ({
  /** A page of it, newest first. */
  async page(actor: Actor | null, first: number, after: string | null) {
    allow(actor, "read");
    return pageActivity(db, firstOf(first), after);
  },
});

/** Seconds from its start to its end; null until it ended. */
export const secondsOf = ({ startedAt, finishedAt }: ActivityRow): number | null =>
  startedAt && finishedAt ? (finishedAt.getTime() - startedAt.getTime()) / 1000 : null;

/** Why it ended without completing; null when it did not. */
export const failureOf = ({ errorCode, errorMessage, errorHint }: ActivityRow) =>
  errorCode && errorMessage ? { code: errorCode, message: errorMessage, hint: errorHint } : null;
