import type { NotificationEvent } from "../../shared/enums.ts";
import { type AlertRow, ensureStates, lockStates, writeState } from "../db/alerts.ts";
import type { Db } from "../db/client.ts";
import { AlertStates } from "../domain/alert-state.ts";
import type { DeliveryId } from "../domain/ids.ts";
import { type Audience, type News, putIntoOutbox } from "./outbox.ts";

/** Where the reading of one kind of history goes on. */
export interface Cursor {
  /** History that ended after this is read again: the clocks of two writers differ. */
  readonly since: Date;
  isNew(id: string): boolean;
  /** `id` has been dealt with. */
  pass(id: string, endedAt: Date): void;
}

export interface Reading {
  readonly tx: Db;
  readonly states: AlertStates;
  /** The cursor that is kept with this event's state. */
  cursor(event: NotificationEvent): Cursor;
}

const marginMilliseconds = 10 * 60_000;
const remembered = 500;

/**
 * Works out what is new about one subject and puts it into the outbox: one at a time, and all or nothing, so that a change is told
 * once however many look at it and whenever they die.
 */
export async function evaluate(
  db: Db,
  subject: string,
  {
    events,
    audience,
    at,
    begins,
  }: {
    readonly events: readonly NotificationEvent[];
    readonly audience: Audience;
    readonly at: Date;
    /** History before this is not told. */
    readonly begins: Date;
  },
  work: (reading: Reading) => Promise<readonly News[]>,
): Promise<DeliveryId[]> {
  await ensureStates(db, subject, events, begins);
  return db.transaction(async (tx) => {
    const rows = await lockStates(tx, subject);
    const states = new AlertStates(rows.map((row) => [row.event, { raised: row.raised, since: row.since, details: row.details ?? {} }]));
    const cursors = new Map<NotificationEvent, KeptCursor>();
    const cursor = (event: NotificationEvent) => {
      const row = rows.find((each) => each.event === event);
      const kept = cursors.get(event) ?? new KeptCursor(row, at);
      cursors.set(event, kept);
      return kept;
    };
    const news = await work({ tx, states, cursor });
    const told = await putIntoOutbox(tx, audience, news, at);
    for (const [event, kept] of cursors) kept.keep(states, event);
    for (const [event, state] of states.changed()) await writeState(tx, subject, event, state, cursors.get(event)?.at);
    return told;
  });
}

class KeptCursor implements Cursor {
  at: Date;
  readonly #before: Date;
  readonly #seen: Set<string>;
  #moved = false;

  constructor(row: AlertRow | undefined, now: Date) {
    this.#before = row?.cursorAt ?? now;
    // A clock that went back must not keep history unread until it has caught up.
    this.at = new Date(Math.min(this.#before.getTime(), now.getTime()));
    this.#seen = new Set(row?.details?.seen ?? []);
  }

  get since(): Date {
    return new Date(this.at.getTime() - marginMilliseconds);
  }

  isNew(id: string): boolean {
    return !this.#seen.has(id);
  }

  pass(id: string, endedAt: Date): void {
    this.#seen.add(id);
    this.#moved = true;
    if (endedAt > this.at) this.at = endedAt;
  }

  keep(states: AlertStates, event: NotificationEvent): void {
    if (!this.#moved && this.at.getTime() === this.#before.getTime()) return;
    const state = states.of(event);
    states.set(event, { ...state, details: { ...state.details, seen: [...this.#seen].slice(-remembered) } });
  }
}
