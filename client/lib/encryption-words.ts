import type { Authenticity } from "../../shared/enums.ts";
import { formatCount } from "../../shared/format.ts";
import type { EncryptionKeysQuery } from "../graphql/generated.ts";
import { cutMiddle } from "./text.ts";

export type EncryptionKey = EncryptionKeysQuery["encryptionKeys"][number];

/** What to know of a backup whose record is not what this Holdfast wrote; null where it is. */
export function authenticityWarning(authenticity: Authenticity | null): { readonly grave: boolean; readonly text: string } | null {
  switch (authenticity) {
    case null:
    case "AUTHENTIC":
      return null;
    case "UNSIGNED":
      return {
        grave: false,
        text: "This backup was made before records were signed, so nobody can tell whether its record was altered since. Its bytes are compared with their checksums all the same.",
      };
    case "FOREIGN":
      return {
        grave: false,
        text: "The record of this backup was signed by another Holdfast, whose key this one does not have. Restore it only if you know where it comes from.",
      };
    case "ALTERED":
      return {
        grave: true,
        text: "The record of this backup is not the one that Holdfast wrote: it was altered, moved or put back. Do not restore it before you know why.",
      };
    default:
      return authenticity satisfies never;
  }
}

/** Who can open a backup: "It opens with the key hf-7K2M of this server, or with one of 2 recovery keys." */
export function openedBy({ keyId, recipients }: { readonly keyId: string | null; readonly recipients: readonly string[] }): string {
  const others = recipients.length - (keyId ? 1 : 0);
  const own = keyId ? `with the server's key ${keyId}` : null;
  const recovery = others > 0 ? `with ${others === 1 ? "the recovery key" : `one of ${others} recovery keys`}` : null;
  return `It opens ${[own, recovery].filter((way) => way !== null).join(", or ") || "with the key that it was made for"}.`;
}

/** What a download of an encrypted backup is. */
export const encryptedDownload =
  "What you download stays encrypted, as it is stored: it opens with age and a key of the recovery kit. Files and folders, under Browse, come readable.";

/** An age recipient, short enough for a line. */
export const shortRecipient = (recipient: string): string => cutMiddle(recipient, 24);

/** What is wrong with recovery recipients as they are typed; null when nothing is. */
export function recipientsFault(lines: readonly string[]): string | null {
  if (lines.some((line) => /^AGE-SECRET-KEY-/i.test(line)))
    return "That is the secret half, which stays with you. Write the public one, which begins with age1.";
  const strange = lines.find((line) => !/^age1[02-9ac-hj-np-z]{58}$/.test(line));
  if (strange) return `${cutMiddle(strange, 28)} is not an age recipient: age1 and 58 more characters.`;
  return new Set(lines).size < lines.length ? "One of them is there twice." : null;
}

/** How many backups need a key. */
export function keyUse({ backups, current }: Pick<EncryptionKey, "backups" | "current">): string {
  if (backups === 0) return current ? "No backup needs it yet" : "No backup needs it any more";
  return `${formatCount(backups, "backup")} ${backups === 1 ? "needs" : "need"} it`;
}

/** Whether a key is not yet kept anywhere but on this machine. */
export const lacksKit = (keys: readonly EncryptionKey[]): boolean => keys.some(({ current, kitMadeAt }) => current && kitMadeAt === null);

/** Whether new backups are encrypted, where a form leaves it to the settings. */
export const encryptChoices = (usual: boolean) =>
  [
    { value: "usual", label: `As the settings say, now ${usual ? "encrypted" : "not encrypted"}` },
    { value: "yes", label: "Encrypted" },
    { value: "no", label: "Not encrypted" },
  ] as const;
export type EncryptChoice = ReturnType<typeof encryptChoices>[number]["value"];

export const encryptAsked = (choice: EncryptChoice): boolean | null => (choice === "usual" ? null : choice === "yes");
export const encryptChosen = (asked: boolean | null): EncryptChoice => (asked === null ? "usual" : asked ? "yes" : "no");
