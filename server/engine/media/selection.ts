import { badInput } from "../../domain/errors.ts";

/** Entries of an archive, chosen by path: each of the paths and all below it. */
export interface Selection {
  /** The paths without any that lies below another, without slashes at their ends. */
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** True for a folder that one of the paths lies in. */
  isAbove(path: string): boolean;
}

export function selection(paths: readonly string[]): Selection {
  const wanted = new Set(paths.map((path) => path.replace(/\/+$/, "")));
  const tops = new Set([...wanted].filter((path) => !parentsOf(path).some((parent) => wanted.has(parent))));
  const above = new Set([...tops].flatMap(parentsOf));
  return {
    paths: [...tops],
    has: (path) => tops.has(path) || parentsOf(path).some((parent) => tops.has(parent)),
    isAbove: (path) => above.has(path),
  };
}

/** "a/b/c" lies in "a" and "a/b". */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) parents.push(path.slice(0, at));
  return parents;
}

export const notInBackup = (path: string) =>
  badInput(`The backup holds no file or folder ${JSON.stringify(path).slice(0, 500)}.`, "Choose from the files that the backup lists.");
