import type { Db } from "../db/client.ts";
import { furtherCopies, type Kept, keptTotals, type Standing, standingBySource } from "../db/statistics.ts";
import type { SourceId, StorageId } from "../domain/ids.ts";
import type { Bus } from "../events/bus.ts";
import { createRemembered, manyRows } from "./remembered.ts";

export type { Kept } from "../db/statistics.ts";

export interface KeptBackups {
  /** What each source keeps, by the first storage of each backup: every backup once. */
  totals(): Promise<readonly Kept[]>;
  /** What each source has on each storage, every copy of a backup. */
  copies(): Promise<readonly Kept[]>;
  /** How each source stands. */
  standing(): Promise<ReadonlyMap<SourceId, Standing>>;
  /** Bytes and number by storage. */
  byStorage(): Promise<ReadonlyMap<StorageId, { readonly bytes: number; readonly backups: number }>>;
}

/** What is kept now: completed backups that are not deleted. Reading it grows with the catalog, so it is kept until something changes. */
export function createKeptBackups({
  catalog,
  bus,
  now,
}: {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly now: () => Date;
}): KeptBackups {
  const worthwhile = (kept: readonly Kept[]) => kept.reduce((sum, { count }) => sum + count, 0) > manyRows;
  const remembered = createRemembered<readonly Kept[]>({ bus, now, worthwhile });
  const further = createRemembered<readonly Kept[]>({ bus, now, worthwhile: () => many });
  let many = false;
  const standings = createRemembered<ReadonlyMap<SourceId, Standing>>({ bus, now, worthwhile: () => many });
  const totals = () => remembered.get("", () => keptTotals(catalog));
  const copies = async () => {
    many = worthwhile(await totals());
    return [...(await totals()), ...(await further.get("", () => furtherCopies(catalog)))];
  };
  return {
    totals,
    copies,
    async standing() {
      many = worthwhile(await totals());
      return standings.get("", () => standingBySource(catalog));
    },
    async byStorage() {
      const use = new Map<StorageId, { bytes: number; backups: number }>();
      for (const { storageId, storedSize, count } of await copies()) {
        const { bytes, backups } = use.get(storageId) ?? { bytes: 0, backups: 0 };
        use.set(storageId, { bytes: bytes + storedSize, backups: backups + count });
      }
      return use;
    },
  };
}
