import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { firstChunk, gear, largestChunk, smallestChunk, usualChunk } from "../../../../server/engine/media/incremental/gear.ts";

/** Bytes that are the same in each run. */
function bytesOf(length: number, seed: string): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, index) => createHash("sha512").update(`${seed} ${index}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

/** A cut as docs/incremental-format.md puts it, one byte after the other. */
function described(bytes: Buffer): number {
  if (bytes.length <= smallestChunk) return bytes.length;
  let sum = 0;
  for (let at = smallestChunk - 32; at < Math.min(bytes.length, largestChunk); at += 1) {
    sum = (sum * 2 + (gear[bytes[at] ?? 0] ?? 0)) | 0;
    const zeros = Math.clz32(sum);
    if (at >= smallestChunk && zeros >= (at < usualChunk ? 21 : 15)) return at + 1;
  }
  return Math.min(bytes.length, largestChunk);
}

describe("where a large file is cut", () => {
  it("is where the format's page says, so that later backups find the chunks of earlier ones", () => {
    const bytes = bytesOf(9_000_000, "some");
    const [cuts, expected]: [number[], number[]] = [[], []];
    for (let at = 0; at < bytes.length; at += cuts.at(-1) ?? 1) {
      cuts.push(firstChunk(bytes.subarray(at), true) ?? 0);
      expected.push(described(bytes.subarray(at)));
    }
    expect(cuts).toEqual(expected);
    // Early cuts, late ones and whole lengths are all among them.
    const constant = Buffer.alloc(largestChunk + 5);
    expect([firstChunk(constant, false), firstChunk(constant.subarray(0, 300_001), true)]).toEqual([largestChunk, 300_001]);
  });

  it("is not told before all bytes are there that decide it", () => {
    const bytes = bytesOf(3_000_000, "other");
    const cut = firstChunk(bytes, false) ?? 0;
    for (const length of [smallestChunk, cut - 4, cut - 3, cut - 2, cut - 1])
      expect(firstChunk(bytes.subarray(0, length), false)).toBeNull();
    for (const length of [cut, cut + 1, cut + 2, cut + 3]) expect(firstChunk(bytes.subarray(0, length), false)).toBe(cut);
  });
});
