import type { Db } from "../db/client.ts";
import { findStorage, listStorages, type StorageRow } from "../db/storages.ts";
import { type Actor, allow } from "../domain/access.ts";
import { badInput, Failure, notFound } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import { checkSftpHost, checkSftpPort } from "../domain/storage-check-sftp.ts";
import { readHostKey, type ShownHostKey } from "../engine/storage/sftp-host-key.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { StorageAccess } from "./storage-access.ts";
import type { StoragePlacing } from "./storage-placing.ts";
import type { StorageRequest } from "./storage-request.ts";

interface Dependencies {
  readonly db: Db;
  readonly access: StorageAccess;
  readonly placing: Pick<StoragePlacing, "checked">;
}

export interface StorageCheck {
  readonly ok: boolean;
  readonly message: string | null;
  readonly hint: string | null;
}

/** How old a look may be that the upkeep, and readiness, still believe in. */
const upkeepMilliseconds = 5 * 60_000;
const hostKeyMilliseconds = 15_000;
const readyMilliseconds = { LOCAL: 0, S3: 60_000, SFTP: 60_000 } as const;

/** Looks whether storages can be used. */
export function createStorageChecks({ db, access, placing }: Dependencies) {
  async function stored(id: StorageId): Promise<StorageRow> {
    const row = await findStorage(db, id);
    if (!row) throw notFound("storage", id);
    return row;
  }

  return {
    /** Proves that the storage can be written, read, listed and removed from; the problem is in the answer. */
    async check(actor: Actor | null, id: StorageId | null, request: StorageRequest | null): Promise<StorageCheck> {
      allow(actor, "check");
      if (request) allow(actor, "configure");
      const row = id ? await stored(id) : null;
      if (!request && !row) throw badInput("Name a storage by id, or give an input to check.");
      const wanted = request ? await placing.checked(request, row) : null;
      try {
        if (wanted) await tryOut(await access.once(wanted));
        else if (row) await tryOut(await access.open(row));
        return { ok: true, message: null, hint: null };
      } catch (error) {
        if (error instanceof Failure) return { ok: false, message: error.message, hint: error.hint ?? null };
        throw error;
      }
    },

    /** The public key that an SSH server shows, to be compared and pinned. */
    async readHostKey(actor: Actor | null, host: string, port: number): Promise<ShownHostKey> {
      allow(actor, "configure");
      return readHostKey(checkSftpHost(host), checkSftpPort(port), AbortSignal.timeout(hostKeyMilliseconds));
    },

    /** Resolves where the storage that backups go to can be used, as far as was seen lately. */
    async ready(row: StorageRow): Promise<void> {
      const { problem } = await access.looked(row, readyMilliseconds[row.kind]);
      if (problem) throw problem;
    },

    /** Why it cannot be used, as far as was seen lately; null where it can. */
    problemOf: async (row: StorageRow): Promise<Failure | null> => (await access.looked(row, upkeepMilliseconds)).problem,

    /** Looks at the storages that nobody has looked at for a while. */
    async upkeep(): Promise<void> {
      await Promise.all((await listStorages(db)).map((row) => access.looked(row, upkeepMilliseconds)));
    },
  };
}

async function tryOut(storage: Storage): Promise<void> {
  await storage.check();
  for await (const _ of storage.list(".holdfast/")) break;
}
