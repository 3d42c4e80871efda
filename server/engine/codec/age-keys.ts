import { createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { bech32 } from "@scure/base";

/** Loaded when something is encrypted or opened, and not with every command. */
const library = () => import("age-encryption");

/** The age identity (`AGE-SECRET-KEY-1…`) that these 32 secret bytes are. */
export const identityFrom = (seed: Uint8Array): string => bech32.encodeFromBytes("AGE-SECRET-KEY-", seed).toUpperCase();

/** What others encrypt to for this identity: `age1…`. */
export async function recipientOf(identity: string): Promise<string> {
  const { identityToRecipient } = await library();
  return identityToRecipient(identity);
}

/** Whether files can be encrypted to it: an X25519 recipient, which is the one kind that every `age` knows. */
export function isRecipient(text: string): boolean {
  try {
    const { prefix, bytes } = bech32.decodeToBytes(text);
    if (prefix !== "age" || bytes.length !== 32) return false;
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: Buffer.from(bytes).toString("base64url") }, format: "jwk" });
    // Some that are written right are no points that a key can be agreed on with.
    return diffieHellman({ privateKey: generateKeyPairSync("x25519").privateKey, publicKey }).length === 32;
  } catch {
    return false;
  }
}
