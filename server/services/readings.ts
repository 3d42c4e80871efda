import { setInterval } from "node:timers";
import type { Db } from "../db/client.ts";
import { lockBackup } from "../db/deletions.ts";
import { findDownload, noteReading, noteUse } from "../db/downloads.ts";
import { Failure } from "../domain/errors.ts";
import type { BackupId } from "../domain/ids.ts";
import type { Bus } from "../events/bus.ts";

/** How many may read at once. */
export interface ReadingLimits {
  readonly perLink: number;
  readonly inAll: number;
}

/** Somebody reads through a link: until it is disposed of, its backup counts as in use. */
export interface Reading extends AsyncDisposable {
  /** Aborts when the link is revoked. */
  readonly signal: AbortSignal;
}

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  readonly limits: ReadingLimits;
  readonly renewEveryMilliseconds?: number;
}

/** A download manager opens a few connections at once; a browser one. */
export const usualReadingLimits: ReadingLimits = { perLink: 6, inAll: 24 };

/** What a crash leaves behind protects its backup for no longer than this. */
const leaseMilliseconds = 3 * 60_000;
const usualRenewal = 60_000;

interface Readers {
  readonly backupId: BackupId;
  readonly ends: Set<AbortController>;
  turn: Promise<unknown>;
}

export type Readings = ReturnType<typeof createReadings>;

/** Who reads through download links in this process; while somebody does, the catalog says so of the backup. */
export function createReadings({ catalog, bus, now, onError, limits, renewEveryMilliseconds = usualRenewal }: Dependencies) {
  const links = new Map<string, Readers>();
  const count = () => [...links.values()].reduce((sum, { ends }) => sum + ends.size, 0);
  const until = () => new Date(now().getTime() + leaseMilliseconds);

  function checkRoom(tokenHash: string): void {
    if ((links.get(tokenHash)?.ends.size ?? 0) >= limits.perLink)
      throw new Failure(
        "CONFLICT",
        `This link is being read ${limits.perLink} times at once, which is the most.`,
        "Try again in a while.",
        {
          reason: "LINK_BUSY",
        },
      );
    if (count() >= limits.inAll)
      throw new Failure("CONFLICT", `${limits.inAll} downloads run at once, which is the most.`, "Try again in a while.", {
        reason: "DOWNLOADS_BUSY",
      });
  }

  /** Takes the backup into use, unless its deletion has begun or the link has ended; both are looked at while it is locked. */
  const takeIntoUse = (tokenHash: string, backupId: BackupId): Promise<boolean> =>
    catalog.transaction(
      async (tx) => {
        if (!(await lockBackup(tx, backupId)) || !(await findDownload(tx, tokenHash, now()))) return false;
        await noteUse(tx, tokenHash, until());
        return true;
      },
      { isolationLevel: "read committed" },
    );

  /** One after the other for each link, so that who ends does not undo what who begins has just written. */
  function inTurn<T>(readers: Readers, work: () => Promise<T>): Promise<T> {
    const mine = readers.turn.then(work);
    readers.turn = mine.catch(() => {});
    return mine;
  }

  async function leave(tokenHash: string, readers: Readers, end: AbortController): Promise<void> {
    readers.ends.delete(end);
    await inTurn(readers, async () => {
      if (readers.ends.size > 0) return;
      await noteReading(catalog, tokenHash, null);
    }).catch(onError);
    if (readers.ends.size > 0) return;
    if (links.get(tokenHash) === readers) links.delete(tokenHash);
    bus.publish("backup", { id: readers.backupId });
  }

  const renew = (tokenHash: string, readers: Readers) =>
    inTurn(readers, async () => {
      if (readers.ends.size > 0) await noteReading(catalog, tokenHash, until());
    }).catch(onError);

  return {
    /** Begins to read; null when there is nothing to read (any more). Throws where too many read already. */
    async begin(tokenHash: string, backupId: BackupId): Promise<Reading | null> {
      checkRoom(tokenHash);
      const end = new AbortController();
      const readers = links.get(tokenHash) ?? { backupId, ends: new Set(), turn: Promise.resolve() };
      // It counts from here on, so that many at once do not slip in together.
      links.set(tokenHash, readers);
      readers.ends.add(end);
      let begun = false;
      try {
        begun = await inTurn(readers, () => takeIntoUse(tokenHash, backupId));
      } finally {
        if (!begun) await leave(tokenHash, readers, end);
      }
      if (!begun) return null;
      bus.publish("backup", { id: backupId });
      // Whoever stalls is closed by who sends: what is renewed is being read.
      const renewing = setInterval(() => void renew(tokenHash, readers), renewEveryMilliseconds);
      renewing.unref();
      return {
        signal: end.signal,
        async [Symbol.asyncDispose]() {
          clearInterval(renewing);
          await leave(tokenHash, readers, end);
        },
      };
    },

    /** Ends all that is read of a backup. */
    endAll(backupId: BackupId): void {
      for (const readers of links.values()) if (readers.backupId === backupId) endOf(readers);
    },

    /** Ends all that is read through one link. */
    end(tokenHash: string): void {
      const readers = links.get(tokenHash);
      if (readers) endOf(readers);
    },
  };
}

function endOf({ ends }: Readers): void {
  for (const end of ends) end.abort(new Failure("CANCELLED", "The link was revoked."));
}
