import { access, constants, realpath, stat } from "node:fs/promises";
import { basename, resolve, sep } from "node:path";
import { Failure, messageOf } from "../../domain/errors.ts";

/** A media folder and the folder of the archive that holds it. `at` is where it really is, links followed. */
export interface NamedRoot {
  readonly path: string;
  readonly prefix: string;
  readonly at: string;
}

/**
 * Gives each root its folder in the archive: its base name, made unique (media, media-2). A root that is missing, no
 * folder or unreadable is SOURCE_UNAVAILABLE; one inside another is BAD_USER_INPUT, since it would be stored twice.
 */
export async function nameRoots(roots: readonly string[]): Promise<NamedRoot[]> {
  const named: NamedRoot[] = [];
  for (const path of roots) {
    const at = await findRoot(path);
    named.push({ path, at, prefix: uniquePrefix(basename(at), named) });
  }
  refuseOverlap(named);
  return named;
}

async function findRoot(path: string): Promise<string> {
  try {
    const at = await realpath(resolve(path));
    if (!(await stat(at)).isDirectory()) throw unavailable(path, "is not a folder");
    await access(at, constants.R_OK | constants.X_OK);
    return at;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT") throw unavailable(path, "is not there", error);
    if (code === "EACCES") throw unavailable(path, "may not be read by this account", error);
    throw unavailable(path, `cannot be read: ${messageOf(error)}`, error);
  }
}

const unavailable = (path: string, why: string, cause?: unknown) =>
  new Failure(
    "SOURCE_UNAVAILABLE",
    `The media folder ${path} ${why}.`,
    "Check the path and its mount, and give the account that runs Holdfast read and search rights on it.",
    { cause },
  );

function uniquePrefix(base: string, taken: readonly { prefix: string }[]): string {
  const name = base || "root";
  let prefix = name;
  // Compared without case, so that an archive unpacks on file systems that do not tell case apart.
  for (let number = 2; taken.some((other) => other.prefix.toLowerCase() === prefix.toLowerCase()); number += 1)
    prefix = `${name}-${number}`;
  return prefix;
}

/** Throws BAD_USER_INPUT when one of the folders is, or lies in, another. */
export function refuseOverlap(roots: readonly { readonly path: string; readonly at: string }[]): void {
  for (const outer of roots)
    for (const inner of roots)
      if (outer !== inner && (inner.at + sep).startsWith(outer.at === sep ? sep : outer.at + sep))
        throw new Failure(
          "BAD_USER_INPUT",
          `The media folder ${inner.path} lies in ${outer.path}.`,
          "Keep the outer one only: it covers both.",
        );
}
