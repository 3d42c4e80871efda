import { isAbsolute, normalize, resolve } from "node:path";
import { Failure } from "./errors.ts";
import type { LocalStorageConfig } from "./storage.ts";

/** A local storage as somebody enters it. */
export interface LocalStorageRequest {
  readonly directory: string;
}

/** Folders that a local storage may or may not be in. */
export interface LocalBounds {
  /** Holdfast's own folder, where the catalog and the key are. */
  readonly home: string;
  /** What the administrator of this machine allows; empty: anywhere. */
  readonly roots: readonly string[];
  readonly mediaFolders: readonly { readonly source: string; readonly path: string }[];
}

/** The folder as it will be kept, or BAD_USER_INPUT with the field as its reason. What is there is another question. */
export function checkLocalConfig({ directory }: LocalStorageRequest): LocalStorageConfig {
  if (!isAbsolute(directory) || /\p{Cc}|\p{Zl}|\p{Zp}/u.test(directory) || !directory.isWellFormed())
    throw refused("The folder of a local storage is an absolute path.", "For example /var/backups/holdfast.");
  const path = normalize(resolve(directory));
  if (path === "/") throw refused("The root folder cannot be a storage.", "Choose a folder of its own.");
  if (Buffer.byteLength(path) > longestPath)
    throw refused(`The folder's path is longer than ${longestPath} bytes.`, "Choose a shorter one.");
  return { directory: path };
}

/** Refuses a folder, given without links in it, that would hold what is Holdfast's own or be backed up itself. */
export function checkLocalBounds(directory: string, { home, roots, mediaFolders }: LocalBounds): void {
  if (isWithin(home, directory))
    throw refused(
      `${directory} holds Holdfast's own folder ${home}, with its catalog and its key.`,
      "Choose a folder beside it, or a new folder in it.",
    );
  const own = ownFolders.find((name) => isWithin(directory, `${home}/${name}`));
  if (own) throw refused(`${home}/${own} is where Holdfast keeps its own files.`, `Choose another folder, such as ${home}/backups.`);
  for (const { source, path } of mediaFolders)
    if (isWithin(directory, path))
      throw refused(
        `${directory} lies inside ${path}, which the source ${source} backs up: each backup would hold the ones before it.`,
        "Choose a folder outside of it.",
      );
  if (roots.length > 0 && !roots.some((root) => isWithin(directory, root)))
    throw refused(
      `${directory} is not in a folder that may hold storages: ${roots.join(", ")}.`,
      "Choose a folder in one of these, or let the administrator of this machine add one to HOLDFAST_STORAGE_ROOTS.",
    );
}

/** Names below must fit into the 4,096 bytes of a path. */
const longestPath = 2048;
const ownFolders = ["mariadb", "uploads", "work"];

const isWithin = (path: string, folder: string) => `${path}/`.startsWith(folder.endsWith("/") ? folder : `${folder}/`);

const refused = (message: string, hint: string) => new Failure("BAD_USER_INPUT", message, hint, { reason: "DIRECTORY" });
