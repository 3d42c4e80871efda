import { Readable } from "node:stream";
import { beforeEach, expect, it } from "vitest";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { confirmBackup } from "../../server/services/backup-confirm.ts";
import { manifestWith } from "../support/about.ts";
import { memoryStorage } from "../support/memory-storage.ts";

const [folder, name] = ["shop/one", "media.tar"];
const manifest = manifestWith({
  artifacts: [{ name, part: "media", size: 4, storedSize: 4, sha256: "0".repeat(64), packed: null }],
});
const said: string[] = [];
const away = { holds: async () => false, say: (_: string, message: string) => void said.push(message) };
let storage: Storage;
beforeEach(async () => {
  storage = memoryStorage();
  await storage.put(`${folder}/${name}`, Readable.from([Buffer.from("1234")]), { signal: new AbortController().signal });
});

it("A backup is finished without the catalog while what it stored lies there whole, and says so", async () => {
  await confirmBackup(away, storage, folder, manifest);
  expect(said).toEqual(["The catalog is away. The backup is finished all the same, and written into the catalog when that is back."]);
});

it("A backup that somebody has swept meanwhile is not finished without the catalog", async () => {
  await storage.remove(`${folder}/${name}`);
  await expect(confirmBackup(away, storage, folder, manifest)).rejects.toMatchObject({ code: "INTERRUPTED" });
});

it("A backup that another worker holds is not finished", async () => {
  const lost = { ...away, holds: () => Promise.reject(new Error("taken over")) };
  await expect(confirmBackup(lost, storage, folder, manifest)).rejects.toThrow("taken over");
});
