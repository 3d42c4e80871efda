import { statfs } from "node:fs/promises";

/** Free and all bytes of the disk that a folder is on; null when it does not say. */
export async function capacityOf(directory: string): Promise<{ readonly free: number; readonly total: number } | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(directory);
    return blocks > 0 ? { free: bavail * bsize, total: blocks * bsize } : null;
  } catch {
    return null;
  }
}
