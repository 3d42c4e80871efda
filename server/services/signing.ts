import type { Authenticity } from "../../shared/enums.ts";
import type { Authentication } from "../domain/manifest.ts";

/** A record that lies on a storage and says who wrote it. */
export interface Signed {
  readonly authentication: Authentication | null;
}

/** Proves on a storage who wrote a record, and finds out of one whether it is what was written. */
export interface Signing {
  /** The record with its proof. */
  sign<T extends object>(record: T): Promise<T & Signed>;
  /** Of a record as it was read. */
  judge(record: Signed): Promise<Authenticity>;
}

/** For as long as nothing is signed. */
export const unsigned: Signing = {
  sign: async (record) => ({ ...record, authentication: null }),
  judge: async () => "UNSIGNED",
};
