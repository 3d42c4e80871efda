import type { StorageKind } from "../../shared/enums.ts";
import { formatBytes, formatCount } from "../../shared/format.ts";
import type { StoragePartsFragment } from "../graphql/generated.ts";
import { sentence } from "./text.ts";

/** The kinds as a list names them. */
export const storageKindWord: Record<StorageKind, string> = { LOCAL: "Folder", S3: "Object storage", SFTP: "SFTP" };

/** The same as a question asks for them, each with what to know beforehand. */
export const storageKindChoices: readonly { readonly value: StorageKind; readonly label: string; readonly note: string }[] = [
  { value: "LOCAL", label: "A folder on this machine", note: "A disk, or a share that is mounted. Best not the disk of the database." },
  {
    value: "S3",
    label: "S3-compatible object storage",
    note: "Amazon S3, MinIO, Backblaze B2, Cloudflare R2, Wasabi, Hetzner and others.",
  },
  { value: "SFTP", label: "Another machine by SFTP", note: "Any machine that you can reach by SSH, or a storage box." },
];

/** Backups that are to lie here and do not yet, as a sentence; null when there are none. */
export function missingWords(missing: number): string | null {
  if (missing === 0) return null;
  return `${formatCount(missing, "backup")} ${missing === 1 ? "is" : "are"} still to be copied here.`;
}

/** What is wrong with a storage as one sentence, and what mends it. */
export const problemWords = ({ message, hint }: { readonly message: string; readonly hint: string | null }): string[] =>
  [message, hint].filter((text) => text !== null).map(sentence);

type Space = Pick<StoragePartsFragment, "usedBytes" | "freeBytes" | "totalBytes">;

/** The shares of a storage's whole, in percent: its backups, and what else lies there. Null where the whole is unknown. */
export function spaceShares({ usedBytes, freeBytes, totalBytes }: Space): { backups: number; others: number; low: boolean } | null {
  if (freeBytes === null) return null;
  const whole = Math.max(totalBytes ?? 0, usedBytes + freeBytes);
  if (whole === 0) return null;
  const share = (bytes: number) => Math.min(100, Math.max(0, (bytes / whole) * 100));
  return { backups: share(usedBytes), others: share(whole - freeBytes - usedBytes), low: freeBytes < whole * 0.1 };
}

/** The bar for who does not see it. */
export function spaceWords(name: string, shares: { readonly backups: number; readonly others: number }): string {
  const percent = (share: number) => (share > 0 && share < 1 ? "less than 1 percent" : `${share.toFixed(0)} percent`);
  const others = shares.others < 1 ? "" : `, ${percent(shares.others)} by other things`;
  return `${percent(shares.backups)} of ${name} is used by backups${others}, the rest is free`;
}

/** The limits that somebody set, as one line; null where there are none. */
export function limitWords({ bytesPerSecond }: Pick<StoragePartsFragment, "bytesPerSecond">): string | null {
  return bytesPerSecond === null ? null : `at most ${formatBytes(bytesPerSecond)} a second`;
}

/** How an administrator of the machine sees the fingerprint of its key of this type. */
export const fingerprintCommand = (type: string): string =>
  `ssh-keygen -lf /etc/ssh/ssh_host_${/ed25519|ecdsa/.exec(type.toLowerCase())?.[0] ?? "rsa"}_key.pub`;
