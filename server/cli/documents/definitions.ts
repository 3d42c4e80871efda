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

export const createTokenDocument = `mutation ($input: ApiTokenInput!) { createApiToken(input: $input) {
  secret apiToken { id name role createdAt expiresAt lastUsedAt } } }`;
