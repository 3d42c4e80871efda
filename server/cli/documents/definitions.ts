import type { DatabaseEngine, MediaMode } from "../../../shared/enums.ts";

/** A source as commands need it. */
export interface Source {
  readonly id: string;
  readonly name: string;
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly socketPath: string | null;
    readonly user: string;
    readonly database: string;
    readonly tls: boolean;
  } | null;
  readonly mediaPaths: readonly string[];
  readonly excludePatterns: readonly string[];
  readonly databaseEngine: DatabaseEngine;
  readonly mediaMode: MediaMode;
  readonly threads: number | null;
  readonly bytesPerSecond: number | null;
  readonly lowPriority: boolean;
  readonly lastBackup: { readonly id: string; readonly createdAt: string } | null;
  readonly lastProven: { readonly id: string; readonly createdAt: string } | null;
}

export const sourcesDocument = `{ sources { id name mediaPaths excludePatterns databaseEngine mediaMode threads bytesPerSecond lowPriority database { host port socketPath user database tls }
  lastBackup { id createdAt } lastProven { id createdAt } } }`;

export const updateSourceDocument = `mutation ($id: ID!, $input: SourceInput!) { updateSource(id: $id, input: $input) {
  id name databaseEngine mediaMode threads bytesPerSecond lowPriority } }`;

export const createTokenDocument = `mutation ($input: ApiTokenInput!) { createApiToken(input: $input) {
  secret apiToken { id name role createdAt expiresAt lastUsedAt } } }`;
