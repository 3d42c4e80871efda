import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { rawFrame } from "../../../server/engine/codec/frames.ts";

const block = 128 * 1024;

it.each([0, 1, block - 1, block, block + 1, 4 * 2 ** 20])(
  "makes a frame of %i bytes as they are, which zstd and Node read back",
  (size) => {
    const bytes = randomBytes(size);
    const parts = rawFrame(bytes);
    const frame = Buffer.concat(parts);
    expect(execFileSync("zstd", ["-dcq"], { input: frame, maxBuffer: 2 ** 30 }).equals(bytes)).toBe(true);
    expect(zstdDecompressSync(frame).equals(bytes)).toBe(true);
    // A header, and three bytes before each block; the blocks are the given memory itself.
    expect(frame.length).toBe(9 + size + 3 * Math.max(1, Math.ceil(size / block)));
    for (const part of parts) expect(part.length <= 9 || part.buffer === bytes.buffer).toBe(true);
  },
);
