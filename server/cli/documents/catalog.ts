/** What rebuild-catalog found. */
export interface RebuildReport {
  readonly storage: { readonly id: string; readonly name: string; readonly location: string };
  readonly dryRun: boolean;
  readonly found: number;
  readonly adopted: number;
  readonly copies: number;
  readonly known: number;
  readonly foreign: number;
  readonly foreignBackups: readonly {
    readonly folder: string;
    readonly name: string;
    readonly source: string;
    readonly keyId: string | null;
  }[];
  readonly problems: readonly { readonly folder: string; readonly message: string }[];
  readonly missing: readonly { readonly id: string; readonly name: string; readonly folder: string }[];
  readonly sources: readonly { readonly id: string; readonly name: string }[];
  readonly notes: readonly string[];
}

export const rebuildDocument = `mutation ($id: ID!, $dryRun: Boolean, $adoptForeign: Boolean) {
  rebuildCatalog(storageId: $id, dryRun: $dryRun, adoptForeign: $adoptForeign) { storage { id name location } dryRun found adopted copies
    known foreign foreignBackups { folder name source keyId } problems { folder message } missing { id name folder }
    sources { id name } notes } }`;

export const adoptStorageDocument =
  "mutation ($input: StorageInput!) { createStorage(input: $input) { id name kind location isDefault usedBytes freeBytes backupCount } }";

export const updateBackupDocument = `mutation ($id: ID!, $input: BackupLabelsInput!) { updateBackup(id: $id, input: $input) {
  id name description pinned } }`;

export const pinBackupDocument =
  "mutation ($id: ID!, $pinned: Boolean!) { pinBackup(id: $id, pinned: $pinned) { id name description pinned } }";

export interface Labelled {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly pinned: boolean;
}
