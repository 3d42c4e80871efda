import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { type Codec, compressor, decompressor } from "../../../server/engine/codec/compress.ts";
import { type Compression, compressions } from "../../../shared/enums.ts";

const level = { NONE: 0, GZIP: 6, ZSTD: 3 } as const;
const content = Buffer.concat([Buffer.from("the same line over and over\n".repeat(20_000)), randomBytes(300_000)]);
const still = () => new AbortController().signal;

async function through(codec: Codec, bytes: Buffer): Promise<Buffer> {
  let result = Buffer.alloc(0);
  await pipeline(inPieces(bytes), codec, async (source: AsyncIterable<Uint8Array>) => {
    result = await buffer(Readable.from(source));
  });
  return result;
}
async function* inPieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}
const packed = (compression: Compression) => through(compressor({ compression, level: level[compression] }, still()), content);
const unpacked = (compression: Compression, bytes: Buffer) => through(decompressor(compression, still()), bytes);

describe.each(compressions)("%s", (compression) => {
  it("gives back what went in, also nothing", async () => {
    expect((await unpacked(compression, await packed(compression))).equals(content)).toBe(true);
    const nothing = await through(compressor({ compression, level: level[compression] }, still()), Buffer.alloc(0));
    expect((await unpacked(compression, nothing)).length).toBe(0);
  });

  it("passes on the error of its source instead of a good end", async () => {
    const stored = await packed(compression);
    async function* failing() {
      yield stored.subarray(0, 1000);
      throw new Error("the dump died");
    }
    for (const codec of [compressor({ compression, level: level[compression] }, still()), decompressor(compression, still())])
      await expect(pipeline(failing(), codec, drain)).rejects.toThrow("the dump died");
  });

  it("ends at once when it is aborted, with the reason", async () => {
    const abort = new AbortController();
    const reason = new Error("cancelled by its user");
    async function* silent() {
      yield content;
      setImmediate(() => abort.abort(reason));
      await new Promise((_, reject) => abort.signal.addEventListener("abort", () => reject(reason)));
    }
    await expect(pipeline(silent(), compressor({ compression, level: level[compression] }, abort.signal), drain)).rejects.toThrow(
      /cancelled|aborted/,
    );
    expect(children()).toEqual([]);
  });
});

describe.each(["GZIP", "ZSTD"] as const)("a damaged %s stream", (compression) => {
  const corrupt = { code: "ARTIFACT_CORRUPT", hint: expect.stringContaining("another backup") };

  it("is refused wherever it was cut", async () => {
    const whole = await packed(compression);
    for (const length of [0, 1, 10, 4096, whole.length >> 1, whole.length - 8, whole.length - 1])
      await expect(unpacked(compression, whole.subarray(0, length)), `cut at ${length}`).rejects.toMatchObject(corrupt);
  });

  it("is refused wherever a bit flipped", async () => {
    const whole = await packed(compression);
    for (const at of [0, 1, whole.length >> 1, whole.length - 2]) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      await expect(unpacked(compression, flipped), `flipped at ${at}`).rejects.toMatchObject(corrupt);
    }
  });

  it("is refused with anything appended", async () => {
    await expect(unpacked(compression, Buffer.concat([await packed(compression), Buffer.from("more")]))).rejects.toMatchObject(corrupt);
  });
});

it.each(["GZIP", "ZSTD"] as const)("%s is done with a piece when it asks for the next", async (compression) => {
  const memory = Buffer.alloc(256 * 1024);
  async function* sameMemory() {
    for (let round = 0; round < 40; round += 1) {
      yield memory.fill(round);
    }
  }
  let stored = Buffer.alloc(0);
  await pipeline(sameMemory(), compressor({ compression, level: 1 }, still()), async (source: AsyncIterable<Uint8Array>) => {
    stored = await buffer(Readable.from(source));
  });
  const expected = Buffer.concat(Array.from({ length: 40 }, (_, round) => Buffer.alloc(memory.length, round)));
  expect((await unpacked(compression, stored)).equals(expected)).toBe(true);
});

it.each(["GZIP", "ZSTD"] as const)("%s lets go of a source that has more to give when the stream is damaged", async (compression) => {
  let ended = false;
  async function* garbage() {
    try {
      for (;;) yield randomBytes(100_000);
    } finally {
      ended = true;
    }
  }
  await expect(pipeline(garbage(), decompressor(compression, still()), drain)).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
  await expect.poll(() => ended).toBe(true);
});

it("stops the zstd child when its reader leaves", async () => {
  const codec = compressor({ compression: "ZSTD", level: 3 }, still());
  for await (const _ of codec(endless())) {
    expect(children()).toHaveLength(1);
    break;
  }
  expect(children()).toEqual([]);
});

async function* endless() {
  for (;;) yield randomBytes(100_000);
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of source);
}

/** The zstd children of this very process. */
function children(): string[] {
  const lines = execFileSync("ps", ["-o", "comm=", "--ppid", String(process.pid)], { encoding: "utf8" });
  return lines.split("\n").filter((name) => name === "zstd");
}
