import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Storage } from "../../server/engine/storage/storage.ts";
import { all } from "../support/all.ts";

/** What every storage must do; `open` gives an empty one. */
export const storageContract = (name: string, open: () => Promise<Storage>) =>
  describe(`storage contract: ${name}`, () => {
    const name1 = "shop/2026-11-22T03-00-00Z-full-0a1b2c3d/database.sql.zst";
    const still = () => ({ signal: new AbortController().signal });
    const put = (storage: Storage, name: string, text: string) => storage.put(name, Readable.from([Buffer.from(text)]), still());
    const names = async (storage: Storage, prefix = "") => (await all(storage.list(prefix))).map((entry) => entry.name);

    it("gives back what was put, whole and by range, with its size", async () => {
      const storage = await open();
      const chunks = ["first,", "", "second,", "third"].map((text) => Buffer.from(text));
      await storage.put(name1, Readable.from(chunks), still());
      expect(await storage.size(name1)).toBe(18);
      expect((await buffer(await storage.get(name1))).toString()).toBe("first,second,third");
      expect((await buffer(await storage.get(name1, { start: 6 }))).toString()).toBe("second,third");
      expect((await buffer(await storage.get(name1, { start: 6, end: 11 }))).toString()).toBe("second");
      expect((await buffer(await storage.get(name1, { start: 17, end: 17 }))).toString()).toBe("d");
    });

    it("keeps an empty file and a file of many chunks", async () => {
      const storage = await open();
      await storage.put("a/empty", Readable.from([]), still());
      expect(await storage.size("a/empty")).toBe(0);
      const chunk = Buffer.alloc(100_000, "x");
      async function* plainIterable() {
        for (let count = 0; count < 30; count += 1) yield new Uint8Array(chunk);
      }
      await storage.put("a/large", plainIterable(), still());
      const read = await buffer(await storage.get("a/large"));
      expect(read.equals(Buffer.alloc(3_000_000, "x"))).toBe(true);
    });

    it("gives any range of a file, and of what lies behind its end nothing", async () => {
      const storage = await open();
      const bytes = randomBytes(300_000);
      await storage.put("a/random", Readable.from([bytes]), still());
      await storage.put("a/empty", Readable.from([]), still());
      const read = async (range: { start: number; end?: number }) => buffer(await storage.get("a/random", range));
      const ends = [0, 1, 65_535, 65_536, 299_998, 299_999];
      const ranges = ends.flatMap((start) => [{ start }, ...ends.filter((end) => end >= start).map((end) => ({ start, end }))]);
      const checks = ranges.map(async (range) =>
        (await read(range)).equals(bytes.subarray(range.start, "end" in range ? range.end + 1 : bytes.length)),
      );
      expect((await Promise.all(checks)).every(Boolean)).toBe(true);
      expect((await read({ start: 299_990, end: 400_000 })).equals(bytes.subarray(299_990))).toBe(true);
      expect(await read({ start: 300_000 })).toHaveLength(0);
      expect(await read({ start: 400_000, end: 400_001 })).toHaveLength(0);
      expect(await buffer(await storage.get("a/empty", { start: 0 }))).toHaveLength(0);
    });

    it("lets a reader leave early, and many read at once", async () => {
      const storage = await open();
      const bytes = randomBytes(2_000_000);
      await storage.put("a/b", Readable.from([bytes]), still());
      for (let count = 0; count < 5; count += 1) {
        for await (const chunk of await storage.get("a/b")) if (chunk.length > 0) break;
        (await storage.get("a/b")).destroy();
      }
      const whole = await Promise.all(Array.from({ length: 6 }, async () => buffer(await storage.get("a/b"))));
      expect(whole.every((each) => each.equals(bytes))).toBe(true);
      for await (const { name } of storage.list("")) {
        expect(name).toBe("a/b");
        break;
      }
      expect(await names(storage)).toEqual(["a/b"]);
    });

    it("stores what each chunk held when it came, though its source uses the memory again", async () => {
      const storage = await open();
      const chunk = Buffer.alloc(70_000);
      async function* again() {
        for (let count = 0; count < 20; count += 1) yield chunk.fill(count);
      }
      await storage.put("a/b", again(), still());
      const read = await buffer(await storage.get("a/b"));
      expect(read).toHaveLength(1_400_000);
      expect(Array.from({ length: 20 }, (_, count) => read[count * 70_000 + 69_999])).toEqual(
        Array.from({ length: 20 }, (_, count) => count),
      );
    });

    it("keeps names apart that are hard to write or to tell apart", async () => {
      const storage = await open();
      const hard = [
        "a/b c",
        "a/b%20c",
        "a/b+c",
        "a/b&c=d?e#f",
        "a/b",
        "a/b.c",
        "a/.b",
        "a/\"quoted\" 'b' <c>",
        "a/ünï-🐬",
        `a/${"x".repeat(180)}`,
        "a/b~!*();@,$",
      ];
      await Promise.all(hard.map((name) => put(storage, name, name)));
      expect(new Set(await names(storage, "a/"))).toEqual(new Set(hard));
      for (const name of hard) expect((await buffer(await storage.get(name))).toString()).toBe(name);
      await storage.remove("a/b");
      expect(await names(storage)).toHaveLength(hard.length - 1);
      await Promise.all(hard.map((name) => storage.remove(name)));
      expect(await names(storage)).toEqual([]);
    });

    it("shows nothing when its writer fails midway", async () => {
      const storage = await open();
      async function* failing() {
        yield Buffer.from("half");
        expect(await names(storage)).toEqual([]);
        throw new Error("disk unplugged");
      }
      await expect(storage.put(name1, failing(), still())).rejects.toThrow("disk unplugged");
      expect(await names(storage)).toEqual([]);
      expect(await storage.size(name1)).toBeNull();
    });

    it("shows nothing when a put is aborted, even while its writer is silent", async () => {
      const storage = await open();
      const abort = new AbortController();
      const reason = new Error("cancelled by its user");
      async function* silent() {
        yield Buffer.from("half");
        setImmediate(() => abort.abort(reason));
        await new Promise(() => {});
      }
      await expect(storage.put(name1, silent(), { signal: abort.signal })).rejects.toBe(reason);
      await expect(storage.put(name1, silent(), { signal: abort.signal })).rejects.toBe(reason);
      expect(await names(storage)).toEqual([]);
    });

    it("never overwrites, whether the name was there before or came meanwhile", async () => {
      const storage = await open();
      await put(storage, name1, "the first");
      await expect(put(storage, name1, "the second")).rejects.toMatchObject({ code: "CONFLICT" });
      async function* overtaken() {
        yield Buffer.from("slow");
        await put(storage, "a/b", "fast");
      }
      await expect(storage.put("a/b", overtaken(), still())).rejects.toMatchObject({ code: "CONFLICT" });
      expect((await buffer(await storage.get(name1))).toString()).toBe("the first");
      expect((await buffer(await storage.get("a/b"))).toString()).toBe("fast");
    });

    it("holds concurrent puts apart, and lets one of two with the same name win", async () => {
      const storage = await open();
      const many = Array.from({ length: 12 }, (_, index) => `same/folder/${String(index).padStart(2, "0")}`);
      await Promise.all(many.map((name) => put(storage, name, name)));
      expect(await names(storage, "same/")).toEqual(many);
      const race = await Promise.allSettled([put(storage, "one", "a"), put(storage, "one", "b")]);
      expect(race.filter((end) => end.status === "fulfilled")).toHaveLength(1);
    });

    it("lists by folder, sorted, and an absent folder as empty", async () => {
      const storage = await open();
      for (const name of ["b/2", "a/x/1", "a/y", "ab/z"]) await put(storage, name, name);
      expect(await names(storage)).toEqual(["a/x/1", "a/y", "ab/z", "b/2"]);
      expect(await all(storage.list("a/"))).toEqual([
        { name: "a/x/1", size: 5 },
        { name: "a/y", size: 3 },
      ]);
      expect(await names(storage, "missing/")).toEqual([]);
    });

    it("holds nothing under the name of a folder", async () => {
      const storage = await open();
      await put(storage, "a/b/c", "1");
      for (const folder of ["a", "a/b"]) expect(await storage.size(folder)).toBeNull();
    });

    it("removes one name, is content when it is absent, and then has nothing of it", async () => {
      const storage = await open();
      await put(storage, "a/b/c", "1");
      await put(storage, "a/d", "2");
      await storage.remove("a/b/c");
      await storage.remove("a/b/c");
      await storage.remove("never/was");
      expect(await names(storage)).toEqual(["a/d"]);
      expect(await storage.size("a/b/c")).toBeNull();
      await expect(storage.get("a/b/c")).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it.each(["../out", "a/../../out", "/abs", "a//b", "", ".", "a/./b", "a/", "nul\0"])("refuses the name %j everywhere", async (name) => {
      const storage = await open();
      for (const call of [() => put(storage, name, "x"), () => storage.get(name), () => storage.size(name), () => storage.remove(name)])
        await expect((async () => call())()).rejects.toMatchObject({ code: "ARTIFACT_UNSAFE" });
    });

    it("proves itself, sweeps and tells its free bytes without leaving a trace", async () => {
      const storage = await open();
      await put(storage, "a/b", "kept");
      await storage.check();
      await storage.sweep("");
      await storage.sweep("a/");
      const free = await storage.free();
      expect(free === null || free > 0).toBe(true);
      expect(await names(storage)).toEqual(["a/b"]);
    });
  });
