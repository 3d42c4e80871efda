import { badInput, Failure } from "../domain/errors.ts";

const fewestCharacters = 12;
/** 64 MB and about a second for each guess. */
const workFactor = 16;

/** Encrypts with a passphrase as the age format does, in its armour: `age -d` opens it anywhere. */
export async function sealWith(passphrase: string, clear: string): Promise<string> {
  if ([...passphrase].length < fewestCharacters)
    throw badInput(`A passphrase has at least ${fewestCharacters} characters.`, "Several words in a row are good and easy to keep.");
  const { armor, Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  return armor.encode(await encrypter.encrypt(clear));
}

/** What `sealWith`, or the age tool, encrypted. */
export async function openWith(passphrase: string, sealed: string): Promise<string> {
  const { armor, Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(armor.decode(sealed), "text");
  } catch (cause) {
    throw new Failure(
      "BAD_USER_INPUT",
      "The secrets in this file do not open with this passphrase.",
      "Enter the passphrase that it was exported with, or import it without one and enter the secrets by hand.",
      { cause },
    );
  }
}
