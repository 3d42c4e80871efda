import type { StorageKind } from "../../shared/enums.ts";

/** What the catalog keeps of a storage in the open; its secrets are sealed beside it. */
export type StorageConfig = LocalStorageConfig | S3StorageConfig | SftpStorageConfig;

export interface LocalStorageConfig {
  readonly directory: string;
}

export interface S3StorageConfig {
  readonly bucket: string;
  /** Without slashes at its ends; empty for none. */
  readonly prefix: string;
  readonly region: string;
  /** An https or http origin; null: Amazon's own for the region. */
  readonly endpoint: string | null;
  readonly accessKeyId: string;
  readonly forcePathStyle: boolean;
}

export interface SftpStorageConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The server's public key as in known_hosts: `ssh-ed25519 AAAA…`. Another one is refused. */
  readonly hostKey: string;
  readonly directory: string;
}

/** Write-only: sealed in the catalog as JSON, never answered. */
export interface StorageSecrets {
  readonly secretAccessKey?: string;
  readonly password?: string;
  readonly privateKey?: string;
}

/** A storage as an adapter needs it. */
export interface StorageAddress {
  readonly kind: StorageKind;
  readonly config: StorageConfig;
  readonly secrets: StorageSecrets;
}

/** Where it is, for a person: `/var/backups`, `s3://bucket/prefix at https://minio:9000`, `sftp://user@host:22/directory`. */
export function locationOf(kind: StorageKind, config: StorageConfig): string {
  switch (kind) {
    case "LOCAL":
      return (config as LocalStorageConfig).directory;
    case "S3": {
      const { bucket, prefix, endpoint } = config as S3StorageConfig;
      return `s3://${bucket}${prefix ? `/${prefix}` : ""}${endpoint ? ` at ${endpoint}` : ""}`;
    }
    case "SFTP": {
      const { host, port, user, directory } = config as SftpStorageConfig;
      return `sftp://${user}@${host.includes(":") ? `[${host}]` : host}:${port}${directory}`;
    }
    default:
      return kind satisfies never;
  }
}

/** The folder of a local storage; null for any other kind. */
export const directoryOf = ({ kind, config }: { readonly kind: StorageKind; readonly config: StorageConfig }): string | null =>
  kind === "LOCAL" ? (config as LocalStorageConfig).directory : null;
