import { createHmac, timingSafeEqual } from "node:crypto";
import type { Authenticity } from "../../shared/enums.ts";
import type { Authentication, Manifest } from "../domain/manifest.ts";

/** The key that proves a manifest, and the id by which the manifest names it. */
export interface MacKey {
  readonly keyId: string;
  readonly key: Buffer;
}

/** What proves a record begins with one of these lines, so that it can stand for nothing else. */
const purposes = { manifest: "holdfast manifest v1\n", labels: "holdfast labels v1\n" } as const;

/** What is proved: a JSON object that names the folder in which it belongs. */
interface Proved {
  readonly folder: string | null;
  readonly authentication: Authentication | null;
}

/**
 * Proves who wrote a record: HMAC-SHA-256 over the line above and the record as canonical JSON in UTF-8, without its field
 * `authentication`. Canonical is what RFC 8785 says (no white space, members in the order of their names' UTF-16 units,
 * strings and numbers as JSON.stringify writes them), with members that are null left out: so the bytes are the same
 * whatever the catalog's JSON column or a newer Holdfast's reading did to the order and to fields that are not there. In
 * Python: `json.dumps(x, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` after dropping the nulls of all objects.
 *
 * A manifest's id, its folder, and each file's name, size and SHA-256 as stored are among it: one that was changed, moved
 * to another folder, or whose files are another backup's, is noticed.
 */
export const authenticate = (record: object, { keyId, key }: MacKey, purpose: keyof typeof purposes = "manifest"): Authentication => ({
  keyId,
  mac: macOf(record, key, purpose).toString("hex"),
});

/**
 * Whether the manifest in `folder` is what one of our keys wrote; best given as the JSON that was read, since what a parser
 * leaves out is missing in the proof. FOREIGN: by a key that is not here, so nothing can be said.
 */
export function authenticityOf(manifest: Manifest, folder: string, keyOf: KeyOf): Authenticity {
  const unsigned = manifest.authentication ?? null;
  // Those from before manifests were authenticated tell neither their folder nor how they are encrypted.
  return unsigned === null && (manifest.folder || manifest.encrypted) ? "ALTERED" : judge(manifest, folder, keyOf, "manifest");
}

/** The MAC key of this id; null where it is not at hand. */
type KeyOf = (keyId: string) => Buffer | null;

/** Whether a record that belongs in `folder` is what one of our keys wrote. */
export function judge(record: Proved, folder: string, keyOf: KeyOf, purpose: keyof typeof purposes): Authenticity {
  const { authentication } = record;
  if (!authentication) return "UNSIGNED";
  const key = keyOf(authentication.keyId);
  if (!key) return "FOREIGN";
  const [told, mac] = [Buffer.from(authentication.mac, "hex"), macOf(record, key, purpose)];
  return told.length === mac.length && timingSafeEqual(told, mac) && record.folder === folder ? "AUTHENTIC" : "ALTERED";
}

function macOf(record: object, key: Buffer, purpose: keyof typeof purposes): Buffer {
  return createHmac("sha256", key)
    .update(purposes[purpose])
    .update(canonical({ ...record, authentication: null }))
    .digest();
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== null && member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}
