import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { Failure } from "../domain/errors.ts";
import { readOrMakeKey } from "./key-file.ts";

/** Seals the secrets that the catalog keeps, with a key that is not in it. */
export interface Secrets {
  /** Names the key in sealed texts and messages; says nothing about the key itself. */
  readonly keyId: string;
  /** `v1.KEY.SEALED`. `context` says what it belongs to (row and field) and is needed to open it: a sealed text moved elsewhere stays shut. */
  seal(clear: string, context: string): string;
  /** What was sealed. Another key, another context or a changed text is KEY_MISSING. */
  open(sealed: string, context: string): string;
  /** A secret of 32 bytes, as base64url, for one more purpose of the same key; the same on every start. */
  derive(purpose: string): string;
}

const nonceBytes = 12;
const tagBytes = 16;

/** Reads the key file, or makes it if `mayCreate`; pass false as soon as the catalog holds anything sealed. Throws KEY_MISSING. */
export async function openSecrets(keyFile: string, { mayCreate }: { readonly mayCreate: boolean }): Promise<Secrets> {
  const master = await readOrMakeKey(keyFile, mayCreate);
  const derived = (purpose: string) => Buffer.from(hkdfSync("sha256", master, "", `holdfast ${purpose}`, 32));
  const key = derived("seal");
  const keyId = createHash("sha256").update(derived("key id")).digest("hex").slice(0, 8);
  return {
    keyId,
    seal(clear, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(clear, "utf8"), cipher.final()]);
      return `v1.${keyId}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")}`;
    },
    open(sealed, context) {
      const { sealedBy, bytes } = parseSealed(sealed);
      if (sealedBy !== keyId)
        throw new Failure(
          "KEY_MISSING",
          `This secret was sealed with the key ${sealedBy}, and the key file holds ${keyId}.`,
          `Point HOLDFAST_KEY_FILE at the file with the key ${sealedBy}, or enter the secret again.`,
        );
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString("utf8");
      } catch (cause) {
        throw damaged({ cause });
      }
    },
    derive: (purpose) => derived(`derive ${purpose}`).toString("base64url"),
  };
}

function parseSealed(sealed: string): { sealedBy: string; bytes: Buffer } {
  const [, sealedBy, body] = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/.exec(sealed) ?? [];
  const bytes = Buffer.from(body ?? "", "base64url");
  if (!sealedBy || bytes.length < nonceBytes + tagBytes) throw damaged();
  return { sealedBy, bytes };
}

const damaged = (options?: ErrorOptions) =>
  new Failure("KEY_MISSING", "A secret in the catalog cannot be opened: it was changed or moved.", "Enter the secret again.", options);
