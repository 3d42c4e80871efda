import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { type Codec, decompressor } from "../../../server/engine/codec/decompress.ts";
import { packFrame } from "../../../server/engine/codec/frames.ts";
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
const frame = (compression: Compression, bytes: Buffer) => packFrame(Buffer.from(bytes), { compression, level: level[compression] });
/** The content as a run of two frames, as stored files are. */
const packed = async (compression: Compression) =>
  Buffer.concat([await frame(compression, content.subarray(0, 400_000)), await frame(compression, content.subarray(400_000))]);
const unpacked = (compression: Compression, bytes: Buffer) => through(decompressor(compression, still()), bytes);

describe.each(compressions)("%s", (compression) => {
  it("gives back what went in, also nothing", async () => {
    expect((await unpacked(compression, await packed(compression))).equals(content)).toBe(true);
    const nothing = await frame(compression, Buffer.alloc(0));
    expect((await unpacked(compression, nothing)).length).toBe(0);
  });

  it("passes on the error of its source instead of a good end", async () => {
    const stored = await packed(compression);
    async function* failing() {
      yield stored.subarray(0, 1000);
      throw new Error("the dump died");
    }
    await expect(pipeline(failing(), decompressor(compression, still()), drain)).rejects.toThrow("the dump died");
  });

  it("ends at once when it is aborted, with the reason", async () => {
    const abort = new AbortController();
    const reason = new Error("cancelled by its user");
    const stored = await packed(compression);
    async function* silent() {
      yield stored.subarray(0, 100_000);
      setImmediate(() => abort.abort(reason));
      await new Promise((_, reject) => abort.signal.addEventListener("abort", () => reject(reason)));
    }
    await expect(pipeline(silent(), decompressor(compression, abort.signal), drain)).rejects.toThrow(/cancelled|aborted/);
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
  const stored = await frame("ZSTD", randomBytes(1_000_000));
  async function* endless() {
    for (;;) yield stored;
  }
  for await (const _ of decompressor("ZSTD", still())(endless())) {
    expect(children()).toHaveLength(1);
    break;
  }
  expect(children()).toEqual([]);
});

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of source);
}

/** The zstd children of this very process. */
function children(): string[] {
  const lines = execFileSync("ps", ["-o", "comm=", "--ppid", String(process.pid)], { encoding: "utf8" });
  return lines.split("\n").filter((name) => name === "zstd");
}
