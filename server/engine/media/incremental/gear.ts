/**
 * Where large files are cut into chunks: by their own content, so that bytes that are put in or taken out move the cuts
 * around them only. A rolling sum over the last 32 bytes (gear: shifted left, and a constant added for each byte) is looked
 * at behind the smallest chunk; a cut lies where its high bits are all zero. Up to the usual size more of them have to be,
 * and behind it fewer, which keeps chunks close to it.
 */
export const smallestChunk = 256 * 1024;
export const usualChunk = 768 * 1024;
export const largestChunk = 2 * 1024 * 1024;

const strict = 0xfffff800 | 0;
const loose = 0xfffe0000 | 0;
/** The sum knows no bytes further back. */
const window = 32;

/** One constant for each byte: xorshift32 from a fixed seed, so that every Holdfast cuts alike. */
export const gear: Int32Array = (() => {
  const table = new Int32Array(256);
  let state = 0x9e3779b9 | 0;
  for (let byte = 0; byte < 256; byte += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    table[byte] = state;
  }
  return table;
})();

/**
 * The length of the first chunk of `bytes`; null when it may go on behind them. `isEnd` tells that nothing comes behind them.
 */
export function firstChunk(bytes: Uint8Array, isEnd: boolean): number | null {
  const { length } = bytes;
  if (length <= smallestChunk) return isEnd ? length : null;
  const [usual, end] = [Math.min(usualChunk, length), Math.min(largestChunk, length)];
  return (
    cutWithin(bytes, smallestChunk, usual, strict) ?? cutWithin(bytes, usual, end, loose) ?? (isEnd || end === largestChunk ? end : null)
  );
}

/** The end of the first chunk that ends in this stretch; null when none does. Four bytes at a time: all of a large file passes here. */
function cutWithin(bytes: Uint8Array, from: number, end: number, mask: number): number | null {
  const table = gear;
  let sum = 0;
  for (let before = from - window; before < from; before += 1) sum = ((sum << 1) + (table[bytes[before] as number] as number)) | 0;
  let at = from;
  for (const last = end - 3; at < last; at += 4) {
    sum = ((sum << 1) + (table[bytes[at] as number] as number)) | 0;
    if ((sum & mask) === 0) return at + 1;
    sum = ((sum << 1) + (table[bytes[at + 1] as number] as number)) | 0;
    if ((sum & mask) === 0) return at + 2;
    sum = ((sum << 1) + (table[bytes[at + 2] as number] as number)) | 0;
    if ((sum & mask) === 0) return at + 3;
    sum = ((sum << 1) + (table[bytes[at + 3] as number] as number)) | 0;
    if ((sum & mask) === 0) return at + 4;
  }
  for (; at < end; at += 1) {
    sum = ((sum << 1) + (table[bytes[at] as number] as number)) | 0;
    if ((sum & mask) === 0) return at + 1;
  }
  return null;
}
