import { statfs } from "node:fs/promises";
import { formatBytes } from "../../../shared/format.ts";
import { Failure } from "../../domain/errors.ts";

/** The system's code of a failed call, such as ENOENT; undefined for any other error. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" && "syscall" in error
    ? (unnamed[error.code] ?? error.code)
    : undefined;

/** Node has no name for a quota that is used up. */
const unnamed: Readonly<Record<string, string>> = { "Unknown system error -122": "EDQUOT" };

/** Runs one call to the file system below `root`; what it answers when it fails becomes a Failure of that storage. */
export async function onDisk<T>(root: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw await explained(root, error);
  }
}

async function explained(root: string, error: unknown): Promise<unknown> {
  const code = errnoOf(error);
  switch (code) {
    case undefined:
      return error;
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return full(root, code, error);
    default:
      return new Failure(
        "STORAGE_UNAVAILABLE",
        `The storage ${root} ${reasons[code] ?? `failed with ${code}`}.`,
        hints[code] ?? "Check its disk and the system's log.",
        { cause: error },
      );
  }
}

async function full(root: string, code: "ENOSPC" | "EDQUOT" | "EFBIG", cause: unknown): Promise<Failure> {
  if (code === "EDQUOT")
    return new Failure("STORAGE_FULL", `The storage ${root} has reached its quota.`, "Raise the quota or remove old backups.", { cause });
  if (code === "EFBIG")
    return new Failure(
      "STORAGE_FULL",
      `The storage ${root} takes no larger file.`,
      "Use a file system, or a limit, that allows larger files.",
      {
        cause,
      },
    );
  const space = await statfs(root).catch(() => null);
  const numbers = space ? `: ${formatBytes(space.bavail * space.bsize)} of ${formatBytes(space.blocks * space.bsize)} are free` : "";
  const inodes = space && space.ffree === 0 && space.files > 0 ? ", and it can hold no more files" : "";
  return new Failure(
    "STORAGE_FULL",
    `The storage ${root} is full${numbers}${inodes}.`,
    "Free some space, remove old backups, or choose another storage.",
    {
      cause,
    },
  );
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "is not there",
  ENOTDIR: "is not a folder",
  EACCES: "may not be used by this account",
  EPERM: "may not be used by this account",
  EROFS: "is read-only",
  EIO: "answered with a read or write error",
  ESTALE: "lost its network share",
  ENAMETOOLONG: "takes no names as long as this",
  ELOOP: "holds a symbolic link where a file belongs",
};
const hints: Readonly<Record<string, string>> = {
  ENOENT: "Mount its disk, or make the folder, and try again.",
  ENOTDIR: "Choose a folder.",
  EACCES: "Give the account that runs Holdfast read, write and search rights on the folder.",
  EPERM: "Give the account that runs Holdfast read, write and search rights on the folder.",
  EROFS: "Mount it writable and try again.",
  EIO: "Its disk may be failing: look at the system's log.",
  ESTALE: "Mount the share again.",
  ELOOP: "Holdfast made none and follows none. Take it away.",
};
