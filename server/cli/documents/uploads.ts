import type { FindingSeverity, UploadState } from "../../../shared/enums.ts";

export interface Upload {
  readonly id: string;
  readonly filename: string;
  readonly state: UploadState;
  readonly problem: string | null;
  readonly problemHint: string | null;
  readonly findings: readonly { readonly severity: FindingSeverity; readonly message: string; readonly hint: string | null }[];
  readonly database: { readonly rows: number } | null;
  readonly media: { readonly files: number } | null;
}

export const uploadDocument = `query ($id: ID!) { upload(id: $id) {
  id filename state problem problemHint findings { severity message hint } database { rows } media { files } } }`;
export const createUploadDocument =
  "mutation ($filename: String!, $size: SafeInt!) { createUpload(filename: $filename, size: $size) { id } }";
export const deleteUploadDocument = "mutation ($id: ID!) { deleteUpload(id: $id) }";
