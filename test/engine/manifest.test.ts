import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { parseManifest, readManifest } from "../../server/engine/manifest.ts";
import { manifestWith } from "../support/about.ts";
import { memoryStorage } from "../support/memory-storage.ts";

const manifest = manifestWith({
  id: randomUUID(),
  name: "Shop <script> \u202e 🦀",
  type: "FULL",
  artifacts: [{ name: "database.sql.zst", part: "database", size: 10, storedSize: 5, sha256: "0".repeat(64), packed: null }],
});
const artifact = manifest.artifacts[0];

describe("a manifest", () => {
  it("comes back from the storage as it was written", async () => {
    const storage = memoryStorage();
    await storage.put("a/b/manifest.json", Readable.from([Buffer.from(JSON.stringify(manifest))]), {
      signal: new AbortController().signal,
    });
    expect(await readManifest(storage, "a/b")).toEqual(manifest);
    await expect(readManifest(storage, "a/c")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "not JSON"],
    ["a later format", { ...manifest, format: 2 }, "format"],
    ["no id", { ...manifest, id: undefined }, "id"],
    ["an artifact outside its folder", { ...manifest, artifacts: [{ ...artifact, name: "../../etc/passwd" }] }, "artifacts.0.name"],
    ["an artifact's size below nothing", { ...manifest, artifacts: [{ ...artifact, size: -1 }] }, "artifacts.0.size"],
    ["a checksum that is none", { ...manifest, artifacts: [{ ...artifact, sha256: "x" }] }, "artifacts.0.sha256"],
    ["an unknown type", { ...manifest, type: "EVERYTHING" }, "type"],
    ["a date that is none", { ...manifest, createdAt: "yesterday" }, "createdAt"],
    ["a list instead", [], "its top"],
  ])("with %s is refused, and the field named", (_name, value, field) => {
    expect(() => parseManifest(value === undefined ? "" : JSON.stringify(value), "shop/x")).toThrow(
      expect.objectContaining({ code: "ARTIFACT_CORRUPT", message: expect.stringContaining(field) }),
    );
  });
});
