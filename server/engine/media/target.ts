import { access, constants, lstat, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { Failure } from "../../domain/errors.ts";
import { errnoOf } from "../storage/disk.ts";
import { refuseOverlap } from "./roots.ts";

/** A media folder that a restore replaces: as given, and where it really is. It may not be there yet. */
export interface TargetRoot {
  readonly path: string;
  readonly prefix: string;
  readonly at: string;
  readonly exists: boolean;
}

/** How its content is replaced: by a folder made beside it, or by one made inside it. */
export type Place = "beside" | "inside";

/** Finds the folders and refuses, before anything is touched, what could not be swapped; every refusal says what to do. */
export async function findTargets(roots: readonly { path: string; prefix: string }[], place: Place): Promise<TargetRoot[]> {
  const mounts = await mountPoints();
  const found = await Promise.all(roots.map(findTarget));
  refuseOverlap(found);
  for (const root of found) {
    const inner = mounts.find((mount) => mount.startsWith(root.at + sep) || (mount === root.at && place === "beside"));
    if (inner !== undefined) throw isMount(root, inner, place);
    await refuseUnwritable(root, place === "inside" && root.exists ? root.at : dirname(root.at));
  }
  return found;
}

async function findTarget({ path, prefix }: { path: string; prefix: string }): Promise<TargetRoot> {
  const wanted = resolve(path);
  try {
    const at = await realpath(wanted);
    if (!(await stat(at)).isDirectory())
      throw new Failure("SOURCE_UNAVAILABLE", `The media folder ${path} is not a folder.`, "Move that file away.");
    return { path, prefix, at, exists: true };
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    const isLink = await lstat(wanted).then(
      () => true,
      () => false,
    );
    if (isLink)
      throw new Failure(
        "SOURCE_UNAVAILABLE",
        `The media folder ${path} is a link to nothing.`,
        "Mount what it points to, or remove the link.",
      );
  }
  const parent = await realpath(dirname(wanted)).catch((error: unknown) => {
    throw new Failure("SOURCE_UNAVAILABLE", `The folder ${dirname(wanted)} is not there.`, "Make it, or mount its disk, and try again.", {
      cause: error,
    });
  });
  return { path, prefix, at: join(parent, basename(wanted)), exists: false };
}

/** Where file systems are mounted; none where the system does not tell. */
async function mountPoints(): Promise<string[]> {
  const text = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  // The fifth word; blanks, tabs, newlines and backslashes in it are octal.
  return text
    .split("\n")
    .map((line) => (line.split(" ")[4] ?? "").replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))));
}

const isMount = (root: TargetRoot, mount: string, place: Place) =>
  mount === root.at && place === "beside"
    ? new Failure(
        "SOURCE_UNAVAILABLE",
        `The media folder ${root.path} is a mount point, and cannot be exchanged as a whole.`,
        "Restore in place (staged: false), or make the source a folder below the mount point.",
      )
    : new Failure(
        "SOURCE_UNAVAILABLE",
        `Another file system is mounted inside of ${root.path}, at ${mount}.`,
        "Unmount it for the restore and try again.",
      );

async function refuseUnwritable(root: TargetRoot, folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Failure(
      "SOURCE_UNAVAILABLE",
      `The media folder ${root.path} cannot be replaced: ${folder} is not writable.`,
      folder === root.at
        ? "Give the account that runs Holdfast write rights on it."
        : "Give the account that runs Holdfast write rights on that folder, or restore in place (staged: false).",
      { cause: error },
    );
  }
}

/** Runs one call to the file system of a target; what it answers when it fails becomes a Failure that says so. */
export async function onTarget<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw explained(error);
  }
}

function explained(error: unknown): unknown {
  const code = errnoOf(error);
  if (!code || !(error instanceof Error)) return error;
  const full = code === "ENOSPC" || code === "EDQUOT";
  return full
    ? new Failure(
        "LOAD_FAILED",
        "There is no room left on the disk of the media folder.",
        "A restore needs room for a second copy until it has switched over: free some space.",
        {
          cause: error,
          reason: "TARGET_FULL",
        },
      )
    : new Failure(
        "LOAD_FAILED",
        `The media could not be written: ${error.message}.`,
        "Check the rights on the media folder and its disk.",
        { cause: error },
      );
}
