import { bech32 } from "@scure/base";
import { Encrypter, identityToRecipient } from "age-encryption";

/** The age identity (`AGE-SECRET-KEY-1…`) that these 32 secret bytes are. */
export const identityFrom = (seed: Uint8Array): string => bech32.encodeFromBytes("AGE-SECRET-KEY-", seed).toUpperCase();

/** What others encrypt to for this identity: `age1…`. */
export const recipientOf = (identity: string): Promise<string> => identityToRecipient(identity);

/** Whether files can be encrypted to it: an X25519 recipient, which is the one kind that every `age` knows. */
export async function isRecipient(text: string): Promise<boolean> {
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) return false;
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(text);
    // Some that are written right are no points that a key can be agreed on with.
    await encrypter.encrypt(new Uint8Array(0));
    return true;
  } catch {
    return false;
  }
}
