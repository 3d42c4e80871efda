import { Failure } from "../../domain/errors.ts";
import { spawnTool } from "../process.ts";

/** Brings everything below `folder` to the disk: one call for the whole file system, where one for each file takes minutes. */
export async function sync(folder: string, signal: AbortSignal): Promise<void> {
  await using tool = spawnTool("sync", ["-f", "--", folder], { stdout: "ignore", signal });
  const { code, stderr } = await tool.exited;
  signal.throwIfAborted();
  if (code !== 0)
    throw new Failure(
      "LOAD_FAILED",
      `The unpacked media could not be brought to the disk. ${stderr}`.trim(),
      "Check the disk of the media folder.",
    );
}
