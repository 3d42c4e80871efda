import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/errors.ts";
import type { ServerPlace } from "./place.ts";

/** Where Linux systems keep MariaDB's programs; the PATH of an ordinary account lacks /usr/sbin. */
export const usualFolders: readonly string[] = [
  "/usr/sbin",
  "/usr/bin",
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/libexec",
  "/opt/mariadb/bin",
];

/** The absolute path of a program of MariaDB's server; a Failure that names its package when it is in none of the folders. */
export async function findProgram(
  name: "mariadbd" | "mariadb-install-db",
  place: Pick<ServerPlace, "name" | "instead">,
  folders: readonly string[],
): Promise<string> {
  for (const folder of folders) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new Failure(
    "INTERNAL",
    `The program ${name} of the ${place.name} is not installed.`,
    `Install the package mariadb-server-core (Debian and Ubuntu: apt-get install mariadb-server-core)${place.instead && `, ${place.instead}`}.`,
    { reason: "PROGRAM_MISSING" },
  );
}
