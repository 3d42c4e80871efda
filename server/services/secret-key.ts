import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { Failure } from "../domain/errors.ts";

/** One key of the key file. What is derived from it is the same on every start, and does not tell the key itself. */
export interface SecretKey {
  /** Names it in sealed texts, backups and messages. */
  readonly id: string;
  seal(clear: string, context: string): string;
  open(sealed: string, context: string): string;
  /** 32 bytes for one more purpose. */
  derive(purpose: string): Buffer;
  /** Its line in the key file: the key itself, for the recovery kit alone. */
  line(): string;
}

const nonceBytes = 12;
const tagBytes = 16;

export function secretKey(master: Buffer): SecretKey {
  const derived = (purpose: string) => Buffer.from(hkdfSync("sha256", master, "", `holdfast ${purpose}`, 32));
  const key = derived("seal");
  const id = createHash("sha256").update(derived("key id")).digest("hex").slice(0, 8);
  return {
    id,
    seal(clear, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(clear, "utf8"), cipher.final()]);
      return `v1.${id}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")}`;
    },
    open(sealed, context) {
      const { bytes } = parseSealed(sealed);
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString("utf8");
      } catch (cause) {
        throw damaged({ cause });
      }
    },
    derive: (purpose) => derived(`derive ${purpose}`),
    line: () => master.toString("base64"),
  };
}

/** The id of the key that sealed the text, and what it sealed. */
export function parseSealed(sealed: string): { sealedBy: string; bytes: Buffer } {
  const [, sealedBy, body] = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/.exec(sealed) ?? [];
  const bytes = Buffer.from(body ?? "", "base64url");
  if (!sealedBy || bytes.length < nonceBytes + tagBytes) throw damaged();
  return { sealedBy, bytes };
}

const damaged = (options?: ErrorOptions) =>
  new Failure("KEY_MISSING", "A secret in the catalog cannot be opened: it was changed or moved.", "Enter the secret again.", options);
