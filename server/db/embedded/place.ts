import { closeSync, openSync } from "node:fs";
import { mkdir, realpath, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { Failure } from "../../domain/errors.ts";

/** Where one private MariaDB server lives: all below a folder that only its owner may enter. */
export interface ServerPlace {
  /** What it is called in a sentence. */
  readonly name: string;
  /** What somebody without the server's programs may do instead of installing them; empty when nothing. */
  readonly instead: string;
  readonly folder: string;
  readonly dataFolder: string;
  readonly temporaryFolder: string;
  readonly errorLog: string;
  /** The socket as mariadbd is told it. */
  readonly serverSocket: string;
  /** The socket as this process and its children reach it: the same file, perhaps by a shorter way. */
  readonly socketPath: string;
  /** The operating system's name of the owner: who may sign in, with no password. */
  readonly account: string;
  /** To be called when the socket is no longer used. */
  leave(): void;
}

/** Where one embedded catalog lives: `HOME/mariadb`. */
export interface Place extends ServerPlace {
  readonly usersFolder: string;
  readonly lockFile: string;
}

/** The kernel's limit for a socket's path is 108 bytes with its end mark. */
const longestSocketPath = 100;

/** Makes the home folder when it is missing and returns its real path. Refuses one that belongs to another account. */
export async function prepareHome(home: string): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new Failure(
      "BAD_USER_INPUT",
      `The home folder ${home} cannot be made.`,
      "Choose a folder that this account may write, with HOLDFAST_HOME.",
      {
        cause,
      },
    );
  });
  const owner = (await stat(home)).uid;
  if (owner !== process.getuid?.())
    throw new Failure(
      "FORBIDDEN",
      `The home folder ${home} belongs to another account (user id ${owner}).`,
      "Run Holdfast as that account, or choose another folder with HOLDFAST_HOME.",
    );
  return realpath(home);
}

/** Makes the folders of the embedded catalog below `home`. */
export async function preparePlace(home: string): Promise<Place> {
  const place = await prepareServerPlace(
    join(await prepareHome(home), "mariadb"),
    "embedded catalog",
    "or set HOLDFAST_DATABASE_URL to a catalog on a server of yours",
  );
  const usersFolder = join(place.folder, "users");
  await mkdir(usersFolder, { recursive: true, mode: 0o700 });
  return { ...place, usersFolder, lockFile: join(place.folder, "lock") };
}

/** Makes the folders of a private server in `folder`, a real path. */
export async function prepareServerPlace(folder: string, name: string, instead: string): Promise<ServerPlace> {
  const account = accountName(name, instead);
  const temporaryFolder = join(folder, "tmp");
  await mkdir(temporaryFolder, { recursive: true, mode: 0o700 });
  const socket = join(folder, "mariadb.sock");
  const opened = Buffer.byteLength(socket) > longestSocketPath ? openSync(folder, "r") : null;
  return {
    name,
    instead,
    folder,
    dataFolder: join(folder, "data"),
    temporaryFolder,
    errorLog: join(folder, "error.log"),
    // Where the path is too long for a socket, mariadbd names it from its data folder and we through an open folder of ours.
    serverSocket: opened === null ? socket : "../mariadb.sock",
    socketPath: opened === null ? socket : `/proc/${process.pid}/fd/${opened}/mariadb.sock`,
    account,
    leave: () => void (opened === null || closeSync(opened)),
  };
}

function accountName(server: string, instead: string): string {
  try {
    return userInfo().username;
  } catch (cause) {
    throw new Failure(
      "INTERNAL",
      `This process runs as user id ${process.getuid?.()}, which has no name on this system, and the ${server} signs in by name.`,
      `Add the user id to /etc/passwd${instead && `, ${instead}`}.`,
      { cause },
    );
  }
}
