import { Readable } from "node:stream";
import { Failure } from "../../server/domain/errors.ts";
import { abortable } from "../../server/engine/abortable.ts";
import { checkName, checkPrefix } from "../../server/engine/storage/names.ts";
import type { Storage } from "../../server/engine/storage/storage.ts";

/** A storage for tests of what stands above one; it passes the same contract as the real ones. */
export function memoryStorage(): Storage & { readonly files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>();
  return {
    files,
    async put(name, bytes, { signal }) {
      checkName(name);
      signal.throwIfAborted();
      const conflict = () => new Failure("CONFLICT", `The storage already holds ${name}.`);
      if (files.has(name)) throw conflict();
      const chunks: Uint8Array[] = [];
      for await (const chunk of abortable(bytes, signal)) chunks.push(Buffer.from(chunk));
      if (files.has(name)) throw conflict();
      files.set(name, Buffer.concat(chunks));
    },
    async get(name, range) {
      const bytes = files.get(checkName(name));
      if (!bytes) throw new Failure("NOT_FOUND", `The storage does not hold ${name}.`);
      return Readable.from([bytes.subarray(range?.start ?? 0, (range?.end ?? bytes.length - 1) + 1)], { objectMode: false });
    },
    size: async (name) => files.get(checkName(name))?.length ?? null,
    async *list(prefix) {
      checkPrefix(prefix);
      for (const name of [...files.keys()].sort()) if (name.startsWith(prefix)) yield { name, size: files.get(name)?.length ?? 0 };
    },
    remove: async (name) => void files.delete(checkName(name)),
    sweep: async (prefix) => void checkPrefix(prefix),
    free: async () => null,
    check: async () => {},
  };
}
