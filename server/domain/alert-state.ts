import type { NotificationEvent } from "../../shared/enums.ts";

/** What lasts about one thing and one event: whether it is wrong, and since when. */
export interface AlertState {
  readonly raised: boolean;
  readonly since: Date;
  readonly details: AlertDetails;
}
export interface AlertDetails {
  /** What was told, for the list of alerts. */
  readonly title?: string;
  readonly path?: string | null;
  /** BACKUP_FAILED: the parts that have had no good backup since. */
  readonly parts?: readonly string[];
  /** VERIFICATION_FAILED: the level that failed. */
  readonly level?: string;
  /** Since when something has been wrong that is only told when it lasts. */
  readonly pendingSince?: string;
  /** What was read of history lately, so that nothing is read twice where two clocks differ. */
  readonly seen?: readonly string[];
}

/** The states of one subject while its news are worked out: what was changed is written back together with what is told. */
export class AlertStates {
  readonly #states: Map<NotificationEvent, AlertState>;
  readonly #changed = new Set<NotificationEvent>();

  constructor(states: Iterable<readonly [NotificationEvent, AlertState]>) {
    this.#states = new Map(states);
  }

  of(event: NotificationEvent): AlertState {
    const state = this.#states.get(event);
    if (!state) throw new Error(`The state of ${event} was not read.`);
    return state;
  }

  isRaised(event: NotificationEvent): boolean {
    return this.of(event).raised;
  }

  /** True when it was not raised before: then it is news. */
  raise(event: NotificationEvent, since: Date, details: AlertDetails): boolean {
    const before = this.of(event);
    this.set(event, { raised: true, since: before.raised ? before.since : since, details: { ...before.details, ...details } });
    return !before.raised;
  }

  /** Lowers those of `events` that are raised, and tells them with the earliest instant since which one was; null when none was. */
  lower(events: readonly NotificationEvent[], at: Date): { readonly events: readonly NotificationEvent[]; readonly since: Date } | null {
    const ended = events.filter((event) => this.isRaised(event));
    if (ended.length === 0) return null;
    const since = new Date(Math.min(...ended.map((event) => this.of(event).since.getTime())));
    for (const event of ended) this.set(event, { raised: false, since: at, details: { seen: this.of(event).details.seen ?? [] } });
    return { events: ended, since };
  }

  set(event: NotificationEvent, state: AlertState): void {
    this.#states.set(event, state);
    this.#changed.add(event);
  }

  changed(): readonly (readonly [NotificationEvent, AlertState])[] {
    return [...this.#changed].map((event) => [event, this.of(event)]);
  }
}
