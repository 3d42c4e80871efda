/** A source as commands need it. */
export interface Source {
  readonly id: string;
  readonly name: string;
  readonly database: { readonly host: string; readonly socketPath: string | null; readonly database: string } | null;
  readonly mediaPaths: readonly string[];
  readonly lastBackup: { readonly id: string; readonly createdAt: string } | null;
  readonly lastProven: { readonly id: string; readonly createdAt: string } | null;
}

export const sourcesDocument = `{ sources { id name mediaPaths excludePatterns database { host port socketPath user database tls }
  lastBackup { id createdAt } lastProven { id createdAt } } }`;

export interface Storage {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly location: string;
  readonly isDefault: boolean;
  readonly usedBytes: number;
  readonly freeBytes: number | null;
  readonly backupCount: number;
}

export const storagesDocument = "{ storages { id name kind location isDefault usedBytes freeBytes backupCount } }";

export const createTokenDocument = `mutation ($input: ApiTokenInput!) { createApiToken(input: $input) {
  secret apiToken { id name role createdAt expiresAt lastUsedAt } } }`;
