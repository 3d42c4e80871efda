import { createHash, createPrivateKey } from "node:crypto";

/** The kinds of key that SSH servers show and accounts sign in with; DSA is broken, certificates are not looked into. */
export const sshKeyTypes = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"] as const;
export type SshKeyType = (typeof sshKeyTypes)[number];

/** A public key as a line of known_hosts has it: `line` is type and key alone. */
export interface SshPublicKey {
  readonly type: SshKeyType;
  readonly line: string;
  /** `SHA256:…` as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

/** What a line holds: a public key, with a host before it and a comment behind it or without; null for anything else. */
export function parsePublicKey(text: string): SshPublicKey | null {
  const words = text.trim().split(/[ \t]+/);
  const at = words.findIndex(isKeyType);
  const encoded = words[at + 1];
  if (at < 0 || at > 1 || !encoded || /[\r\n]/.test(text.trim()) || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null;
  const key = publicKeyOf(Buffer.from(encoded, "base64"));
  return key?.type === words[at] ? key : null;
}

/** The same of the key's own bytes, as a server shows them. */
export function publicKeyOf(blob: Buffer): SshPublicKey | null {
  const type = wordAt(blob, 0)?.toString("latin1") ?? "";
  // Type and at least one number of the key.
  if (!isKeyType(type) || blob.length < 4 + type.length + 4 + 32) return null;
  return {
    type,
    line: `${type} ${blob.toString("base64")}`,
    fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
  };
}

/** What is wrong with a private key that somebody entered; null when it can be used. Says nothing of the key itself. */
export function privateKeyProblem(text: string): { readonly message: string; readonly hint: string } | null {
  const key = text.trim();
  if (/^PuTTY-User-Key-File/.test(key))
    return { message: "That is a key of PuTTY's.", hint: "Export it with PuTTYgen: Conversions, Export OpenSSH key." };
  if (/^(ssh-|ecdsa-)/.test(key) || key.includes("PUBLIC KEY-----"))
    return { message: "That is a public key.", hint: "Enter the private one, from the file without .pub." };
  const label = /^-----BEGIN ([A-Z ]*PRIVATE KEY)-----\r?\n[\s\S]+\r?\n-----END \1-----$/.exec(key)?.[1];
  switch (label) {
    case "OPENSSH PRIVATE KEY":
      return opensshProblem(Buffer.from(key.replace(/-----[^-]+-----/g, ""), "base64"));
    case "RSA PRIVATE KEY":
    case "EC PRIVATE KEY":
      return /Proc-Type: 4,ENCRYPTED/.test(key) ? encrypted : isReadable(key) ? null : broken;
    case "ENCRYPTED PRIVATE KEY":
      return encrypted;
    case "PRIVATE KEY":
      return { message: "That key is in a form (PKCS #8) that SSH does not use.", hint: "Convert it on a copy: ssh-keygen -p -f KEY." };
    default:
      return { message: "That is not a private key.", hint: "Enter the whole file, with its lines -----BEGIN … and -----END …" };
  }
}

const encrypted = {
  message: "That private key is encrypted with a passphrase.",
  hint: "Holdfast signs in unattended: make a key for it alone, without a passphrase (ssh-keygen -t ed25519 -N ''). It is kept sealed.",
};
const broken = { message: "That private key is damaged or cut short.", hint: "Enter the whole file again." };

function opensshProblem(data: Buffer) {
  const magic = "openssh-key-v1\0";
  if (data.toString("latin1", 0, magic.length) !== magic) return broken;
  const cipher = wordAt(data, magic.length);
  const kdf = cipher && wordAt(data, magic.length + 4 + cipher.length);
  if (!cipher || !kdf) return broken;
  if (cipher.toString() !== "none") return encrypted;
  // Then come the options of none, the number of keys, the public key and the private one with its two equal check numbers.
  const options = magic.length + 4 + cipher.length + 4 + kdf.length;
  const shown = wordAt(data, options + 8);
  const hidden = shown && wordAt(data, options + 8 + 4 + shown.length);
  if (!hidden || hidden.length < 16 || !hidden.subarray(0, 4).equals(hidden.subarray(4, 8))) return broken;
  const type = wordAt(hidden, 8)?.toString("latin1") ?? "";
  if (isKeyType(type)) return null;
  return { message: "Keys of that kind cannot be used.", hint: "Make one that can: ssh-keygen -t ed25519 -N ''." };
}

function isReadable(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}

const isKeyType = (word: string): word is SshKeyType => sshKeyTypes.some((type) => type === word);

/** The bytes at `offset` that a length of four bytes stands before; null when they are not all there. */
function wordAt(data: Buffer, offset: number): Buffer | null {
  if (offset + 4 > data.length) return null;
  const end = offset + 4 + data.readUInt32BE(offset);
  return end > data.length ? null : data.subarray(offset + 4, end);
}
