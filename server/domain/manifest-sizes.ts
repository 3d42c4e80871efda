import type { Manifest } from "./manifest.ts";

/** What a backup amounts to. */
export interface BackupSizes {
  /** Uncompressed bytes. */
  readonly size: number;
  /** All stored bytes that it needs, those that it shares with others too. */
  readonly storedSize: number;
  /** Stored bytes that it brought; null where it shares nothing with others, so that they are all of them. */
  readonly addedSize: number | null;
}

/** The sizes of a backup as lists show them. */
export function sizesOf({ artifacts, media }: Pick<Manifest, "artifacts" | "media">): BackupSizes {
  const sum = (files: readonly { readonly storedSize: number }[]) => files.reduce((total, { storedSize }) => total + storedSize, 0);
  const packs = media?.packs ?? null;
  return {
    size: artifacts.reduce((total, { size }) => total + size, 0),
    storedSize: sum(artifacts) + sum(packs?.files ?? []),
    addedSize: packs && sum(artifacts) + packs.addedSize,
  };
}
