import { Failure } from "../../domain/errors.ts";
import { spawnTool } from "../process.ts";

/** Brings everything below `folders` to the disk: one call for a whole file system, where one for each file takes minutes. */
export async function sync(folders: readonly string[], signal: AbortSignal): Promise<void> {
  await using tool = spawnTool("sync", ["-f", "--", ...folders], { stdout: "ignore", signal });
  const { code, stderr } = await tool.exited;
  signal.throwIfAborted();
  if (code !== 0)
    throw new Failure(
      "LOAD_FAILED",
      `The unpacked media could not be brought to the disk. ${stderr}`.trim(),
      "Check the disk of the media folder.",
    );
}

/** So much is left for the disk to take at last, and so much stays in memory on its way there. */
const stretchBytes = 64 * 1024 * 1024;

/** Has the disk take what is written below `folders` while more is written, so that there is little to wait for at the end. */
export class EarlySync implements AsyncDisposable {
  readonly #folders: readonly string[];
  readonly #signal: AbortSignal;
  #taken = 0;
  #underWay: Promise<void> | null = null;

  constructor(folders: readonly string[], signal: AbortSignal) {
    [this.#folders, this.#signal] = [folders, signal];
  }

  /** So many bytes were written so far. */
  wrote(bytes: number): void {
    if (this.#underWay || bytes - this.#taken < stretchBytes) return;
    this.#taken = bytes;
    const underWay = sync(this.#folders, this.#signal).then(() => {
      this.#underWay = null;
    });
    // What the disk refused is told by `settled` alone: no later call would hear of it.
    underWay.catch(() => {});
    this.#underWay = underWay;
  }

  /** Resolves when nothing is on its way by this; rejects with what the disk refused. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay?.catch(() => {});
  }
}
