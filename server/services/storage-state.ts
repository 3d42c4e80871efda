import type { Db } from "../db/client.ts";
import { missingCopies, type StorageRow } from "../db/storages.ts";
import { Failure } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import { parsePublicKey } from "../domain/ssh-key.ts";
import type { SftpStorageConfig, StorageSecrets } from "../domain/storage.ts";
import type { StorageAccess } from "./storage-access.ts";
import type { StorageLook } from "./storage-looks.ts";

/** Why a storage cannot be used: what a Failure says, as a value. */
export interface StorageProblem {
  readonly code: string;
  readonly reason: string | null;
  readonly message: string;
  readonly hint: string | null;
}

/** A storage with what it holds now, and how it fares. Nothing of its secrets is in it. */
export interface StorageState extends Omit<StorageRow, "secret">, Pick<StorageLook, "checkedAt"> {
  readonly problem: StorageProblem | null;
  readonly usedBytes: number;
  readonly backupCount: number;
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  readonly missingCopies: number;
  readonly passwordSet: boolean;
  readonly privateKeySet: boolean;
  /** Of an SFTP server's host key, as `ssh-keygen -l` prints it; empty for any other kind. */
  readonly fingerprint: string;
}

export type StorageUse = ReadonlyMap<StorageId, { readonly bytes: number; readonly backups: number }>;

/** The states of `rows`, without waiting long for any of them. */
export async function describeStorages(
  rows: readonly StorageRow[],
  { db, use, access }: { readonly db: Db; readonly use: () => Promise<StorageUse>; readonly access: StorageAccess },
): Promise<StorageState[]> {
  const [used, missing] = [await use(), await missingCopies(db)];
  return Promise.all(
    rows.map(async (row) => {
      const { secret: _, ...open } = row;
      const [{ free, total }, known] = [await access.capacity(row), knownSecrets(row, access)];
      const { problem, checkedAt } = access.lookOf(row.id);
      return {
        ...open,
        problem: problem && { code: problem.code, reason: problem.reason ?? null, message: problem.message, hint: problem.hint ?? null },
        checkedAt,
        usedBytes: used.get(row.id)?.bytes ?? 0,
        backupCount: used.get(row.id)?.backups ?? 0,
        freeBytes: free,
        totalBytes: total,
        missingCopies: missing.get(row.id) ?? 0,
        passwordSet: known.password !== undefined,
        privateKeySet: known.privateKey !== undefined,
        fingerprint: row.kind === "SFTP" ? (parsePublicKey((row.config as SftpStorageConfig).hostKey)?.fingerprint ?? "") : "",
      };
    }),
  );
}

/** None where the key file does not open them: they have to be given again. */
function knownSecrets(row: StorageRow, access: StorageAccess): StorageSecrets {
  try {
    return access.secretsOf(row);
  } catch (error) {
    if (error instanceof Failure && error.code === "KEY_MISSING") return {};
    throw error;
  }
}
