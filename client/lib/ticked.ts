import type { BackupType } from "../../shared/enums.ts";
import { formatCount } from "../../shared/format.ts";

/** What was ticked in a backup: tables by name, and files and folders by their path in the archive. A folder stands for all below it. */
export interface Ticked {
  readonly tables: readonly string[];
  readonly paths: readonly string[];
}

export const nothingTicked: Ticked = { tables: [], paths: [] };

const isBelow = (path: string, folder: string) => path.startsWith(`${folder}/`);

/** Whether a ticked folder above brings `path` along. */
export const isCovered = (paths: readonly string[], path: string): boolean => paths.some((folder) => isBelow(path, folder));

/** Ticks or unticks one path; a folder takes over whatever was ticked below it. */
export function withPath(paths: readonly string[], path: string, on: boolean): string[] {
  const others = paths.filter((other) => other !== path && !(on && isBelow(other, path)));
  return on ? [...others, path] : others;
}

/** Ticks or unticks some tables, the others stay. */
export function withTables(tables: readonly string[], names: readonly string[], on: boolean): string[] {
  const changed = new Set(names);
  const others = tables.filter((name) => !changed.has(name));
  return on ? [...others, ...names] : others;
}

/** "3 tables and 2 files or folders"; null when nothing is ticked. */
export function tickedWords({ tables, paths }: Ticked): string | null {
  const parts = [
    ...(tables.length > 0 ? [formatCount(tables.length, "table")] : []),
    ...(paths.length > 0 ? [formatCount(paths.length, "file or folder", "files or folders")] : []),
  ];
  return parts.length > 0 ? parts.join(" and ") : null;
}

/** The parts that what is ticked belongs to; null when nothing is ticked. */
export function tickedType({ tables, paths }: Ticked): BackupType | null {
  if (tables.length > 0) return paths.length > 0 ? "FULL" : "DATABASE";
  return paths.length > 0 ? "MEDIA" : null;
}

/** The folders on the way to `folder`, the outermost first. */
export function crumbs(folder: string): { readonly name: string; readonly path: string }[] {
  const names = folder.split("/").filter(Boolean);
  return names.map((name, index) => ({ name, path: names.slice(0, index + 1).join("/") }));
}

/** Reads what was kept in the session; anything else is nothing ticked. */
export function parseTicked(text: string | null): Ticked {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    if (typeof value !== "object" || value === null || !("tables" in value) || !("paths" in value)) return nothingTicked;
    return { tables: strings(value.tables), paths: strings(value.paths) };
  } catch {
    return nothingTicked;
  }
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === "string") : []);
