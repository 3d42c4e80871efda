import { createHmac, timingSafeEqual } from "node:crypto";
import type { Authenticity } from "../../shared/enums.ts";
import type { Authentication, Manifest } from "../domain/manifest.ts";

/** The key that proves a manifest, and the id by which the manifest names it. */
export interface MacKey {
  readonly keyId: string;
  readonly key: Buffer;
}

/** What the mac is taken over begins with this line, so that it can stand for nothing else. */
const purpose = "holdfast manifest v1\n";

/**
 * Proves who wrote a manifest: HMAC-SHA-256 over the line above and the manifest as canonical JSON in UTF-8, without its
 * field `authentication`. Canonical is what RFC 8785 says (no white space, members in the order of their names' UTF-16
 * units, strings and numbers as JSON.stringify writes them), with members that are null left out: so the bytes are the same
 * whatever the catalog's JSON column or a newer Holdfast's reading did to the order and to fields that are not there. In
 * Python: `json.dumps(x, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` after dropping the nulls of all objects.
 *
 * The id, the folder, and each file's name, size and SHA-256 as stored are among it: a manifest that was changed, moved to
 * another folder, or whose files are another backup's, is noticed.
 */
export const authenticate = (manifest: Omit<Manifest, "authentication">, { keyId, key }: MacKey): Authentication => ({
  keyId,
  mac: macOf(manifest, key).toString("hex"),
});

/**
 * Whether the manifest in `folder` is what one of our keys wrote. `manifest` is the JSON as it was read, since what a
 * parser leaves out would be missing in the proof. FOREIGN: by a key that is not here, so nothing can be said.
 */
export function authenticityOf(manifest: Manifest, folder: string, keyOf: (keyId: string) => Buffer | null): Authenticity {
  const { authentication } = manifest;
  // Those that are from before manifests were authenticated tell neither their folder nor how they are encrypted.
  if (!authentication) return manifest.folder || manifest.encrypted ? "ALTERED" : "UNSIGNED";
  const key = keyOf(authentication.keyId);
  if (!key) return "FOREIGN";
  const told = Buffer.from(authentication.mac, "hex");
  const mac = macOf(manifest, key);
  return told.length === mac.length && timingSafeEqual(told, mac) && manifest.folder === folder ? "AUTHENTIC" : "ALTERED";
}

function macOf(manifest: object, key: Buffer): Buffer {
  return createHmac("sha256", key)
    .update(purpose)
    .update(canonical({ ...manifest, authentication: null }))
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
