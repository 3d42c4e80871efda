import type { StorageKind } from "../../shared/enums.ts";
import { formatBytes } from "../../shared/format.ts";
import { limits } from "../../shared/limits.ts";
import type { StorageRow } from "../db/storages.ts";
import { badInput } from "../domain/errors.ts";
import type { LocalStorageConfig, S3StorageConfig, SftpStorageConfig, StorageConfig, StorageSecrets } from "../domain/storage.ts";
import { checkLocalConfig, type LocalStorageRequest } from "../domain/storage-check-local.ts";
import { checkS3Config, checkS3Secret, type S3StorageRequest } from "../domain/storage-check-s3.ts";
import { checkSftpConfig, checkSftpHost, checkSftpSecrets, type SftpStorageRequest } from "../domain/storage-check-sftp.ts";

/** A storage as a client describes it: its kind, and the part of that kind. */
export interface StorageRequest {
  readonly name: string;
  readonly kind: StorageKind;
  readonly local?: LocalStorageRequest | null;
  /** A secret that is left out of an update stays, where it goes to the same server and account. */
  readonly s3?: (S3StorageRequest & { readonly secretAccessKey?: string | null }) | null;
  /** A host key that is left out of an update stays, where the server is the same. */
  readonly sftp?: (SftpStorageRequest & { readonly password?: string | null; readonly privateKey?: string | null }) | null;
  readonly isDefault?: boolean | null;
  /** The most that its backups may take; null: no cap. Left out: as it was. */
  readonly sizeCapBytes?: number | null;
  /** The most that is sent or read in a second; null: as fast as it goes. Left out: as it was. */
  readonly bytesPerSecond?: number | null;
  /** Take what is there for this storage, though its marker is missing or another's. */
  readonly adopt?: boolean | null;
}

/** The same, complete and plausible. */
export interface CheckedStorage {
  readonly name: string;
  readonly kind: StorageKind;
  readonly config: StorageConfig;
  readonly secrets: StorageSecrets;
  readonly sizeCapBytes: number | null;
  readonly bytesPerSecond: number | null;
}

/** What a request that changes a storage goes on from. */
export interface KeptStorage extends Pick<StorageRow, "kind" | "config" | "sizeCapBytes" | "bytesPerSecond"> {
  readonly secrets: () => StorageSecrets;
}

/** Refuses with BAD_USER_INPUT, naming the field, what can never work, and what would send a kept secret to a stranger. */
export function checkStorageRequest(request: StorageRequest, kept: KeptStorage | null): CheckedStorage {
  const name = request.name.trim();
  if (!name || name.length > limits.nameLength || /\p{Cc}/u.test(name))
    throw badInput(`A storage's name is one line of 1 to ${limits.nameLength} characters.`);
  for (const [kind, field] of Object.entries(fields))
    if (kind !== request.kind && request[field])
      throw badInput(`The storage's kind is ${request.kind}, so \`${field}\` does not belong to it.`, `Leave \`${field}\` out.`);
  return {
    name,
    kind: request.kind,
    ...placeOf(request, kept?.kind === request.kind ? kept : null),
    sizeCapBytes:
      bounded(request.sizeCapBytes, smallestCap, "cap") ?? (request.sizeCapBytes === null ? null : (kept?.sizeCapBytes ?? null)),
    bytesPerSecond:
      bounded(request.bytesPerSecond, slowest, "limit of bytes per second") ??
      (request.bytesPerSecond === null ? null : (kept?.bytesPerSecond ?? null)),
  };
}

const fields = { LOCAL: "local", S3: "s3", SFTP: "sftp" } as const;

/** Less than this is a slip of the unit: it would leave nothing but what is protected. */
const smallestCap = 1_000_000;
/** Slower than this a backup of any size would never end. */
const slowest = 16_384;

function bounded(value: number | null | undefined, least: number, what: string): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || value < least)
    throw badInput(`A storage's ${what} is at least ${formatBytes(least)}.`, "Leave it out for none.");
  return value;
}

function placeOf(request: StorageRequest, kept: KeptStorage | null): { config: StorageConfig; secrets: StorageSecrets } {
  const { kind, local, s3, sftp } = request;
  switch (kind) {
    case "LOCAL":
      return { config: checkLocalConfig(local ?? missing(kind)), secrets: {} };
    case "S3":
      return s3Of(s3 ?? missing(kind), kept);
    case "SFTP":
      return sftpOf(sftp ?? missing(kind), kept);
    default:
      throw kind satisfies never;
  }
}

const missing = (kind: StorageKind): never => {
  throw badInput(`A storage of the kind ${kind} needs \`${fields[kind]}\`: where it is.`);
};

function s3Of({ secretAccessKey, ...rest }: NonNullable<StorageRequest["s3"]>, kept: KeptStorage | null) {
  const config = checkS3Config(rest);
  if (secretAccessKey) return { config, secrets: { secretAccessKey: checkS3Secret(secretAccessKey) } };
  if (!kept) throw badInput("A new S3 storage needs its secret access key.", "It is kept sealed, and shown to nobody again.");
  const before = kept.config as S3StorageConfig;
  if (before.endpoint !== config.endpoint || before.accessKeyId !== config.accessKeyId)
    throw badInput("The endpoint or the access key changed, so the secret access key has to be given again.");
  return { config, secrets: kept.secrets() };
}

function sftpOf({ password, privateKey, ...rest }: NonNullable<StorageRequest["sftp"]>, kept: KeptStorage | null) {
  const before = kept ? (kept.config as SftpStorageConfig) : null;
  const sameServer = before !== null && before.host === checkSftpHost(rest.host) && before.port === (rest.port ?? 22);
  const config = checkSftpConfig({ ...rest, hostKey: rest.hostKey || (sameServer ? before.hostKey : null) });
  const given = checkSftpSecrets({ password: password ?? null, privateKey: privateKey ?? null });
  if (given.password !== undefined || given.privateKey !== undefined) return { config, secrets: given };
  if (!kept) throw badInput("A new SFTP storage needs a password or a private key.", "It is kept sealed, and shown to nobody again.");
  if (!sameServer || before.user !== config.user)
    throw badInput("The server or the user changed, so the password or the private key has to be given again.");
  return { config, secrets: kept.secrets() };
}

/** Whether two of one kind name the same place: what lies there does not depend on who asks, nor on how fast. */
export function samePlace(kind: StorageKind, one: StorageConfig, other: StorageConfig): boolean {
  const placed = (config: StorageConfig): string => {
    switch (kind) {
      case "LOCAL":
        return (config as LocalStorageConfig).directory;
      case "S3": {
        const { endpoint, region, bucket, prefix } = config as S3StorageConfig;
        return JSON.stringify([endpoint ?? region, bucket, prefix]);
      }
      case "SFTP": {
        const { host, port, directory } = config as SftpStorageConfig;
        return JSON.stringify([host.toLowerCase(), port, directory]);
      }
      default:
        throw kind satisfies never;
    }
  };
  return placed(one) === placed(other);
}
