import type { StorageKind } from "../../../shared/enums.ts";

export interface Storage {
  readonly id: string;
  readonly name: string;
  readonly kind: StorageKind;
  readonly location: string;
  readonly isDefault: boolean;
  readonly shared: boolean;
  readonly usedBytes: number;
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  readonly backupCount: number;
  readonly missingCopies: number;
  readonly sizeCapBytes: number | null;
  readonly bytesPerSecond: number | null;
  readonly problem: { readonly message: string; readonly hint: string | null } | null;
  readonly local: { readonly directory: string } | null;
  readonly s3: Readonly<Record<string, unknown>> | null;
  readonly sftp: Readonly<Record<string, unknown>> | null;
}

const storageFields = `id name kind location isDefault shared usedBytes freeBytes totalBytes backupCount missingCopies sizeCapBytes bytesPerSecond
  problem { code reason message hint } checkedAt local { directory }
  s3 { bucket prefix region endpoint accessKeyId forcePathStyle } sftp { host port user hostKey directory }`;

export const storagesDocument = `{ storages { ${storageFields} } }`;
export const createStorageDocument = `mutation ($input: StorageInput!) { createStorage(input: $input) { ${storageFields} } }`;
export const updateStorageDocument = `mutation ($id: ID!, $input: StorageInput!) { updateStorage(id: $id, input: $input) { ${storageFields} } }`;
export const deleteStorageDocument = "mutation ($id: ID!) { deleteStorage(id: $id) }";
export const checkStorageDocument = "mutation ($id: ID!) { checkStorage(id: $id) { ok message hint } }";
export const hostKeyDocument =
  "mutation ($host: String!, $port: Int) { readHostKey(host: $host, port: $port) { hostKey type fingerprint } }";

export interface HostKey {
  readonly hostKey: string;
  readonly type: string;
  readonly fingerprint: string;
}
