import { formatCount } from "../../shared/format.ts";
import type { DownloadLinkPartsFragment } from "../graphql/generated.ts";

type Given = Pick<DownloadLinkPartsFragment, "artifact" | "path" | "format" | "paths" | "pathCount">;

/** What a download link gives: one artifact, one file, an archive of files and folders, or the whole backup. */
export function linkGives({ artifact, path, format, paths, pathCount }: Given): string {
  if (artifact) return artifact;
  if (path) return path;
  if (!format) return "The whole backup";
  const kind = `as .${format.toLowerCase()}`;
  if (!paths) return `All files ${kind}`;
  const count = pathCount ?? paths.length;
  return count === 1 ? `${paths[0]} ${kind}` : `${formatCount(count, "file or folder", "files or folders")} ${kind}`;
}

/** The names behind a count, for a tooltip; null where the words say all. */
export function linkNames({ paths, pathCount }: Given): string | null {
  if (!paths || paths.length < 2) return null;
  const more = (pathCount ?? paths.length) - paths.length;
  return [...paths, ...(more > 0 ? [`and ${more.toLocaleString("en-US")} more`] : [])].join("\n");
}

export const usedWords = (uses: number): string =>
  uses === 0 ? "not used yet" : `used ${uses === 1 ? "once" : formatCount(uses, "time")}`;

/** Those that are of use to somebody at this moment: the server's list grows old on the screen. */
export const stillWorking = <T extends Pick<DownloadLinkPartsFragment, "expiresAt" | "reading">>(links: readonly T[], now: Date): T[] =>
  links.filter(({ expiresAt, reading }) => reading || new Date(expiresAt) > now);
