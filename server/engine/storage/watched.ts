import { Failure } from "../../domain/errors.ts";
import type { Storage } from "./storage.ts";

/** Tells `noted` of each failure that is the storage's own, and with null of each call that proves that it can be used. */
export function watched(storage: Storage, noted: (problem: Failure | null) => void): Storage {
  const failed = (error: unknown): never => {
    if (error instanceof Failure && own.has(error.code)) noted(error);
    throw error;
  };
  return {
    ...storage,
    async put(name, bytes, options) {
      // What breaks off the bytes on their way here, such as another storage, is no fault of this one.
      let broken: unknown;
      const passed = async function* () {
        try {
          yield* bytes;
        } catch (error) {
          broken = error;
          throw error;
        }
      };
      await storage.put(name, passed(), options).catch((error: unknown) => {
        if (error === broken) throw error;
        failed(error);
      });
      noted(null);
    },
    async check() {
      await storage.check().catch(failed);
      noted(null);
    },
    get: (name, range) => storage.get(name, range).catch(failed),
    size: (name) => storage.size(name).catch(failed),
    remove: (name) => storage.remove(name).catch(failed),
    sweep: (prefix) => storage.sweep(prefix).catch(failed),
    free: () => storage.free().catch(failed),
    async *list(prefix) {
      try {
        yield* storage.list(prefix);
      } catch (error) {
        failed(error);
      }
    },
  };
}

const own: ReadonlySet<string> = new Set(["STORAGE_UNAVAILABLE", "STORAGE_FULL"]);
