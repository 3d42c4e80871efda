import type { BackupType, Compression, ExportFormat } from "../../shared/enums.ts";
import { attachmentName } from "./attachment-name.ts";
import type { Part } from "./manifest.ts";

/** A name for folders: lower-case ASCII letters, digits and hyphens, at most 60; never empty. */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60)
    .replace(/-+$/, "");
  return slug || "source";
}

/** The backup's folder on its storage: `shop/2026-11-22T03-00-00Z-full-1b4e28ba`. */
export function backupFolder(slug: string, type: BackupType, createdAt: Date, id: string): string {
  const instant = `${createdAt.toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
  return `${slug}/${instant}-${type.toLowerCase()}-${id.slice(0, 8)}`;
}

/** Where the packs lie that a backup in this folder shares with others of its source: `shop/packs`. */
export const packsFolder = (folder: string): string => `${folder.slice(0, folder.lastIndexOf("/"))}/packs`;

const bases: Readonly<Record<Part, string>> = { database: "database.sql", media: "media.tar" };
const suffixes: Readonly<Record<Compression, string>> = { NONE: "", GZIP: ".gz", ZSTD: ".zst" };

/** What the names of encrypted files end with. */
const sealedSuffix = (encrypted: boolean) => (encrypted ? ".age" : "");

/** The artifact's file name: `database.sql.zst`, encrypted `database.sql.zst.age`. */
export const artifactName = (part: Part, compression: Compression, encrypted = false) =>
  `${bases[part]}${suffixes[compression]}${sealedSuffix(encrypted)}`;

/** The file beside the media's archive that lists what is in it: `media.index.zst`. */
export const mediaIndexName = (compression: Compression, encrypted = false) =>
  `media.index${suffixes[compression]}${sealedSuffix(encrypted)}`;

/** The list of an incremental backup's media, which takes the place of the archive: `media.chunks.zst`. */
export const mediaListName = (compression: Compression, encrypted = false) =>
  `media.chunks${suffixes[compression]}${sealedSuffix(encrypted)}`;

/** A pack that the backup with this id brings: `1b4e28ba-….pack`. */
export const packName = (id: string, unique: string, encrypted = false) => `${id.slice(0, 8)}-${unique}.pack${sealedSuffix(encrypted)}`;

export const manifestName = "manifest.json";

/** `shop-2026-11-22T03-00-00Z-full-1b4e28ba.tar`: a download of a whole backup, or of an artifact with its own name behind. */
export function downloadName(folder: string, artifact: string | null): string {
  const base = folder.replace("/", "-");
  return artifact === null ? `${base}.tar` : `${base}-${artifact}`;
}

/** `shop-2026-11-22T03-00-00Z-full-1b4e28ba-pictures.zip`: files of a backup, named for the one folder or file; null for all of them. */
export function exportName(folder: string, paths: readonly string[] | null, format: ExportFormat): string {
  const [first = "", ...others] = paths ?? ["media"];
  const name = others.length > 0 ? "selected" : attachmentName(first.replace(/\/+$/, "").replace(/^.*\//s, ""));
  return downloadName(folder, `${[...name].slice(0, 60).join("")}.${format.toLowerCase()}`);
}

/** A backup's name when nobody gave one: "Shop, 22 Nov 2026 03:00 UTC". */
export function defaultBackupName(source: string, now: Date): string {
  const day = now.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return `${source.slice(0, 90)}, ${day} ${now.toISOString().slice(11, 16)} UTC`;
}

const decompress: Readonly<Record<Compression, string>> = { NONE: "cat", GZIP: "gunzip -c", ZSTD: "zstd -dc" };
const tarFlag: Readonly<Record<Compression, string>> = { NONE: "", GZIP: "--gzip ", ZSTD: "--zstd " };

/**
 * The stock commands that restore the artifacts by hand, run in the backup's folder. Where it is encrypted, the file key.txt
 * beside them holds the identity that opens it: `AGE-SECRET-KEY-1…`. Media in packs need Node 22.15 or later, and
 * read-incremental.mjs of Holdfast's docs beside them; `folder` is then the backup's.
 */
export function restoreCommands(
  parts: readonly Part[],
  compression: Compression,
  database: string | null,
  encrypted = false,
  incremental: { readonly folder: string } | null = null,
): string[] {
  return parts.map((part) => {
    if (part === "media" && incremental) {
      const root = incremental.folder
        .split("/")
        .map(() => "..")
        .join("/");
      return `node read-incremental.mjs ${encrypted ? "--key key.txt " : ""}${root} manifest.json --out .`;
    }
    const name = artifactName(part, compression, encrypted);
    const opened = encrypted ? `age -d -i key.txt ${name} | ` : "";
    if (part === "media") return encrypted ? `${opened}tar ${tarFlag[compression]}-xpf -` : `tar ${tarFlag[compression]}-xpf ${name}`;
    const unpacked = encrypted ? (compression === "NONE" ? "" : `${decompress[compression]} | `) : `${decompress[compression]} ${name} | `;
    return `${opened}${unpacked}mariadb --binary-mode --comments ${shellQuoted(database ?? "")}`;
  });
}

const shellQuoted = (word: string) => (/^[A-Za-z0-9_]+$/.test(word) ? word : `-- '${word.replaceAll("'", `'\\''`)}'`);
