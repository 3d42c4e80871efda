import { formatBytes } from "../../shared/format.ts";
import { listRefusedDeletions } from "../db/alert-history.ts";
import type { Db } from "../db/client.ts";
import type { StorageRow } from "../db/storages.ts";
import type { Failure } from "../domain/errors.ts";
import type { Message } from "../domain/notification.ts";
import { recovered } from "../domain/notification-form.ts";
import type { SettingValues } from "../domain/settings.ts";
import * as texts from "../domain/storage-texts.ts";
import type { Reading } from "./alert-subject.ts";
import type { News } from "./outbox.ts";
import type { Capacity } from "./storage-looks.ts";

export const storageEvents = ["STORAGE_LOW", "CLEANUP_REFUSED", "STORAGE_UNREACHABLE", "COPIES_MISSING"] as const;

/** What holds of a storage now. */
export interface StorageFacts {
  readonly usedBytes: number;
  readonly capacity: Capacity;
  /** Backups that it has not let go of for too long, and why. */
  readonly refused: readonly string[];
  /** Why it cannot be used; null where it can. */
  readonly problem: Failure | null;
  /** Backups that are to lie on it and do not. */
  readonly missingCopies: number;
}

/** So long may a storage be away, as in a restart of its server, before that is told. */
const awayMilliseconds = 10 * 60_000;
const hour = 3_600_000;

/** Why each storage has not let go of backups for more than an hour. */
export async function refusedByStorage(db: Db, at: Date): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await listRefusedDeletions(db, new Date(at.getTime() - hour));
  const byStorage = Map.groupBy(rows, ({ storageId }) => storageId);
  return new Map([...byStorage].map(([id, refused]) => [id, refused.map(({ problem }) => problem ?? "It gave no reason.")]));
}

/** What is new about a storage: whether it can be used, has room, keeps to its cap, holds what it is to, and lets go of what was deleted. */
export function storageNews(
  storage: StorageRow,
  facts: StorageFacts,
  settings: SettingValues,
  at: Date,
  { states }: Reading,
): readonly News[] {
  const telling = { at, timeZone: settings.timeZone };
  const named = { storage: storage.name, storageId: storage.id };
  const news: News[] = [];
  const tell = (message: Message, ended?: News["ended"]) =>
    news.push({ message, subject: `storage:${storage.id}`, sourceId: null, ...(ended ? { ended } : {}) });

  function decide(event: (typeof storageEvents)[number], message: Message | null): void {
    if (message) {
      if (states.raise(event, at, { title: message.title, path: message.path })) tell(message);
      return;
    }
    const ended = states.lower([event], at);
    if (ended)
      tell(
        recovered(telling, { name: storage.name, events: ended.events, since: ended.since, path: `/storages/${storage.id}` }),
        ended.events,
      );
  }

  const sentence = lowSentence(facts, settings, states.isRaised("STORAGE_LOW")) ?? capSentence();
  decide("STORAGE_LOW", sentence === null ? null : texts.storageLow(telling, { ...named, sentence }));
  const [problem] = facts.refused;
  decide(
    "CLEANUP_REFUSED",
    problem === undefined ? null : texts.cleanupRefused(telling, { ...named, count: facts.refused.length, problem }),
  );
  const { problem: unusable, missingCopies: count } = facts;
  const isAway = lasts("STORAGE_UNREACHABLE", unusable !== null, awayMilliseconds);
  decide(
    "STORAGE_UNREACHABLE",
    isAway && unusable
      ? texts.storageUnreachable(telling, {
          ...named,
          problem: { code: unusable.code, message: unusable.message, hint: unusable.hint ?? null },
        })
      : null,
  );
  decide("COPIES_MISSING", lasts("COPIES_MISSING", count > 0, hour) ? texts.copiesMissing(telling, { ...named, count }) : null);
  return news;

  /** True once something has been so for as long, or was told and has not ended. */
  function lasts(event: (typeof storageEvents)[number], isSo: boolean, milliseconds: number): boolean {
    const state = states.of(event);
    const { pendingSince, ...details } = state.details;
    if (!isSo) {
      if (pendingSince) states.set(event, { ...state, details });
      return false;
    }
    if (!pendingSince) states.set(event, { ...state, details: { ...details, pendingSince: at.toISOString() } });
    return state.raised || at.getTime() - Date.parse(pendingSince ?? at.toISOString()) >= milliseconds;
  }

  /** Only when it lasts: cleanup has its turn first. */
  function capSentence(): string | null {
    const isOver = storage.sizeCapBytes !== null && facts.usedBytes > storage.sizeCapBytes;
    if (!lasts("STORAGE_LOW", isOver, hour) || storage.sizeCapBytes === null) return null;
    return `It holds ${formatBytes(facts.usedBytes)}, more than its cap of ${formatBytes(storage.sizeCapBytes)}, and what is left is protected from cleanup.`;
  }
}

/** A storage that was low has room again only when it is well above the limit, so that it does not come and go. */
function lowSentence({ capacity }: StorageFacts, { storageLowPercent }: SettingValues, wasLow: boolean): string | null {
  const { free, total } = capacity;
  if (free === null || total === null) return null;
  const percent = (free / total) * 100;
  const limit = wasLow ? Math.min(storageLowPercent + 2, 100) : storageLowPercent;
  if (percent >= limit) return null;
  return `${formatBytes(free)} of ${formatBytes(total)} are free, ${percent.toFixed(percent < 10 ? 1 : 0)} %.`;
}
