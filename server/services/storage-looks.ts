import { setTimeout as sleep } from "node:timers/promises";
import type { Failure } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { Bus } from "../events/bus.ts";

/** What was found out about a storage lately. */
export interface StorageLook {
  /** Why it cannot be used; null when nothing is wrong, or nobody has looked. */
  readonly problem: Failure | null;
  readonly checkedAt: Date | null;
}

export interface Capacity {
  readonly free: number | null;
  readonly total: number | null;
}

interface Known extends StorageLook {
  readonly capacity?: Capacity & { readonly at: number };
  readonly looking?: { readonly began: number; readonly capacity: Promise<Capacity> };
}

export type StorageLooks = ReturnType<typeof createStorageLooks>;

/** A list waits this long for the room that a storage has, and no longer. */
const longestMilliseconds = 2_000;
const unknown: Capacity = { free: null, total: null };
const nothing: Known = { problem: null, checkedAt: null };

/** What each use of a storage and each look at one tells of it, kept so that a slow one holds up nobody. */
export function createStorageLooks({ bus, now }: { readonly bus: Pick<Bus, "publish">; readonly now: () => Date }) {
  const known = new Map<StorageId, Known>();
  const of = (id: StorageId): Known => known.get(id) ?? nothing;
  const keep = (id: StorageId, more: Partial<Known>) => void known.set(id, { ...of(id), ...more });

  function note(id: StorageId, problem: Failure | null): void {
    const before = of(id);
    keep(id, { problem, checkedAt: now() });
    if (before.checkedAt === null || before.problem?.message !== problem?.message) bus.publish("storage", { id });
  }

  async function measure(id: StorageId, open: () => Promise<Storage>): Promise<Capacity> {
    try {
      const storage = await open();
      const [free, total] = await Promise.all([storage.free(), storage.total?.() ?? null]);
      keep(id, { capacity: { free, total, at: now().getTime() } });
      return { free, total };
    } catch {
      // A storage that is away is still listed; how much it has left is then unknown.
      return unknown;
    } finally {
      const { looking: _, ...rest } = of(id);
      known.set(id, rest);
    }
  }

  return {
    of: (id: StorageId): StorageLook => of(id),
    note,

    /** Its room: as it was found in the last `freshMilliseconds`, else as it is now; unknown when that takes too long. */
    async capacity(id: StorageId, open: () => Promise<Storage>, freshMilliseconds: number): Promise<Capacity> {
      const { capacity, looking } = of(id);
      if (capacity && Math.abs(now().getTime() - capacity.at) < freshMilliseconds) return capacity;
      const began = looking?.began ?? performance.now();
      const found = looking?.capacity ?? measure(id, open);
      if (!looking) keep(id, { looking: { began, capacity: found } });
      return within(Math.max(0, began + longestMilliseconds - performance.now()), found, unknown);
    },

    forget: (id: StorageId) => void known.delete(id),
  };
}

/** What `work` gives, or `late` when that takes longer. */
export async function within<T>(milliseconds: number, work: Promise<T>, late: T): Promise<T> {
  const over = new AbortController();
  try {
    const waited = sleep(milliseconds, late, { signal: over.signal, ref: false }).catch(() => late);
    return await Promise.race([work, waited]);
  } finally {
    over.abort();
  }
}
