import { Failure } from "../domain/errors.ts";
import { putKeyInFront, readKeysAtOnce, readOrMakeKeys } from "./key-file.ts";
import { parseSealed, type SecretKey, secretKey } from "./secret-key.ts";

/** Seals the secrets that the catalog keeps, with a key that is not in it. */
export interface Secrets {
  /** Names the current key in sealed texts and messages; says nothing about the key itself. */
  readonly keyId: string;
  /** All keys of the key file: the current one, which seals, and then older ones, which open what they sealed. */
  readonly keys: Keys;
  /** Where they stand. */
  readonly keyFile: string;
  /** `v1.KEY.SEALED`. `context` says what it belongs to (row and field) and is needed to open it: a sealed text moved elsewhere stays shut. */
  seal(clear: string, context: string): string;
  /** What was sealed. A key that is not in the key file, another context or a changed text is KEY_MISSING. */
  open(sealed: string, context: string): string;
  /** A secret of 32 bytes, as base64url, for one more purpose of the current key; the same on every start. */
  derive(purpose: string): string;
  /** Reads the key file again, as far as that is possible: another process may have put a new key in front. */
  refresh(): void;
  /** Puts a new key in front of the others in the key file, and goes on with it. */
  rotate(): Promise<void>;
}

export type Keys = readonly [SecretKey, ...SecretKey[]];

/** Reads the key file, or makes it if `mayCreate`; pass false as soon as the catalog holds anything sealed. Throws KEY_MISSING. */
export async function openSecrets(keyFile: string, { mayCreate }: { readonly mayCreate: boolean }): Promise<Secrets> {
  let keys = keysOf(await readOrMakeKeys(keyFile, mayCreate));

  function refresh() {
    const found = readKeysAtOnce(keyFile);
    // What vanished or was spoiled under a running server does not take the keys from it that it has.
    if (found) keys = keysOf(found);
  }

  function keyOf(sealedBy: string): SecretKey {
    const known = keys.find(({ id }) => id === sealedBy);
    if (!known) refresh();
    const key = known ?? keys.find(({ id }) => id === sealedBy);
    if (key) return key;
    throw new Failure(
      "KEY_MISSING",
      `This secret was sealed with the key ${sealedBy}, and the key file holds ${keys.map(({ id }) => id).join(", ")}.`,
      `Put the line of the key ${sealedBy} into the file that HOLDFAST_KEY_FILE names, or enter the secret again.`,
      { reason: "KEY_UNAVAILABLE" },
    );
  }

  return {
    keyFile,
    get keyId() {
      return keys[0].id;
    },
    get keys() {
      return keys;
    },
    seal: (clear, context) => keys[0].seal(clear, context),
    open: (sealed, context) => keyOf(parseSealed(sealed).sealedBy).open(sealed, context),
    derive: (purpose) => keys[0].derive(purpose).toString("base64url"),
    refresh,
    async rotate() {
      await putKeyInFront(keyFile);
      keys = keysOf(await readOrMakeKeys(keyFile, false));
    },
  };
}

const keysOf = ([first, ...others]: readonly [Buffer, ...Buffer[]]): Keys => [secretKey(first), ...others.map(secretKey)];
