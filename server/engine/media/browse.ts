import { setImmediate as turn } from "node:timers/promises";
import type { EntryKind } from "../../../shared/enums.ts";
import type { MediaIndex } from "./media-index.ts";

/** An entry of an archive for a person who looks through it. */
export interface BackupFile {
  readonly path: string;
  readonly name: string;
  readonly kind: EntryKind;
  /** Of a folder: all files below it. */
  readonly size: number;
  readonly modifiedAt: Date;
  /** Of a folder: files below it; null for others. */
  readonly files: number | null;
}

/** The positions of what lies right in a folder (the top without one), folders first, else by name. */
export function listFolder(index: MediaIndex, folder: number | null): readonly number[] {
  const children = [...index.children(folder)];
  const isFolder = (position: number) => index.kind(position) === "DIRECTORY";
  return [...children.filter(isFolder), ...children.filter((position) => !isFolder(position))];
}

/** Milliseconds that a search works before others get their turn. */
const slice = 10;

/** The positions below a folder (all without one) whose path holds `text`, whatever its case. */
export async function search(index: MediaIndex, folder: number | null, text: string): Promise<readonly number[]> {
  const wanted = text.toLowerCase();
  const found: number[] = [];
  const [from, to] = folder === null ? [0, index.length] : [folder + 1, index.next(folder)];
  const above: { readonly next: number; readonly path: string }[] =
    folder === null ? [] : [{ next: to, path: `${index.path(folder).toLowerCase()}/` }];
  let since = performance.now();
  for (let position = from; position < to; position += 1) {
    while ((above.at(-1)?.next ?? to) <= position) above.pop();
    const path = (above.at(-1)?.path ?? "") + index.name(position).toLowerCase();
    if (path.includes(wanted)) found.push(position);
    if (index.next(position) > position + 1) above.push({ next: index.next(position), path: `${path}/` });
    if (position % 256 === 0 && performance.now() - since > slice) {
      await turn();
      since = performance.now();
    }
  }
  return found;
}

export function describe(index: MediaIndex, position: number): BackupFile {
  const { path, kind, size, mtime } = index.entry(position);
  const { files, bytes } = index.within(position + 1, index.next(position));
  const isFolder = kind === "DIRECTORY";
  return {
    path,
    name: index.name(position),
    kind,
    size: isFolder ? bytes : size,
    modifiedAt: new Date(mtime),
    files: isFolder ? files : null,
  };
}
