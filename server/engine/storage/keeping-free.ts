import { formatBytes } from "../../../shared/format.ts";
import { Failure } from "../../domain/errors.ts";
import type { Storage } from "./storage.ts";

/** How often what is free is looked at while something is stored: whichever comes first. */
const everyBytes = 128 * 1024 * 1024;
const everyMilliseconds = 5000;

/** `storage`, which stops being written with STORAGE_FULL before less than `floor` bytes are free, where it can tell how many are. */
export const keepingFree = (storage: Storage, name: string, floor: number, every = everyBytes): Storage => ({
  ...storage,
  put: (path, bytes, options) => storage.put(path, watchedOver(bytes, storage, name, floor, every), options),
});

async function* watchedOver(
  bytes: AsyncIterable<Uint8Array>,
  storage: Storage,
  name: string,
  floor: number,
  every: number,
): AsyncGenerator<Uint8Array> {
  let [passed, looked] = [0, performance.now()];
  for await (const chunk of bytes) {
    // Before it is taken: its last reader may free it, and then it has no length.
    passed += chunk.length;
    yield chunk;
    if (passed < every && performance.now() - looked < everyMilliseconds) continue;
    [passed, looked] = [0, performance.now()];
    // That it cannot tell just now is no reason to stop.
    const free = await storage.free().catch(() => null);
    if (free !== null && free < floor)
      throw new Failure(
        "STORAGE_FULL",
        `The storage ${name} is nearly full: ${formatBytes(free)} are free, and ${formatBytes(floor)} are kept free.`,
        "Remove old backups, choose another storage, or make it larger.",
        { reason: "KEPT_FREE" },
      );
  }
}
