/** Looked at one by one: as much as zstd takes for a block. */
const stretchBytes = 128 * 1024;
/**
 * A run of the other kind that is shorter stays with what is before it: many short frames compress badly. Pictures that lie between
 * texts are found one stretch at a time: as loose they take five times as long, and the texts grow by one in a hundred.
 */
const leastRun = stretchBytes;
const samples = 4;
const sampleBytes = 1024;
/** Bits of a byte at most in what is worth compressing: of random bytes the samples have 7.95, of a JPEG 7.9, of text less than 6. */
const denseBits = 7.75;

/** A run of bytes that is to become a frame of its own. Dense: there is nothing in it to compress. */
export interface Run {
  readonly bytes: Buffer;
  readonly dense: boolean;
}

/**
 * Cuts bytes where what was compressed before (pictures, films, archives) and what was not meet. Found by the content alone:
 * how evenly a few samples of each stretch use the values of a byte.
 */
export function runsOf(bytes: Buffer): readonly Run[] {
  const runs: { from: number; to: number; dense: boolean }[] = [];
  for (let from = 0; from < bytes.length; from += stretchBytes) {
    const to = Math.min(from + stretchBytes, bytes.length);
    const dense = isDense(bytes.subarray(from, to));
    const last = runs.at(-1);
    if (last?.dense === dense) last.to = to;
    else runs.push({ from, to, dense });
  }
  return merged(runs).map(({ from, to, dense }) => ({ bytes: bytes.subarray(from, to), dense }));
}

/** The same without short runs; what is dense and not at once is not dense, which costs time and no room. */
function merged(runs: readonly { from: number; to: number; dense: boolean }[]) {
  const kept: { from: number; to: number; dense: boolean }[] = [];
  for (const run of runs) {
    const last = kept.at(-1);
    const short = last && (run.to - run.from < leastRun || last.to - last.from < leastRun);
    if (last && (short || last.dense === run.dense)) {
      last.to = run.to;
      last.dense &&= run.dense;
    } else kept.push({ ...run });
  }
  return kept;
}

const counts = new Uint16Array(256);
/** The share of a value's bits by how often it is there: count * log2(count). */
const shares = Float64Array.from({ length: samples * sampleBytes + 1 }, (_, count) => (count === 0 ? 0 : count * Math.log2(count)));

function isDense(bytes: Buffer): boolean {
  // A short one would not fill the values.
  if (bytes.length < samples * sampleBytes) return false;
  counts.fill(0);
  const step = Math.floor((bytes.length - sampleBytes) / (samples - 1));
  for (let sample = 0; sample < samples; sample += 1)
    for (let at = sample * step, end = at + sampleBytes; at < end; at += 1) counts[bytes[at] ?? 0] = (counts[bytes[at] ?? 0] ?? 0) + 1;
  const total = samples * sampleBytes;
  let known = 0;
  for (const count of counts) known += shares[count] ?? 0;
  return Math.log2(total) - known / total > denseBits;
}
