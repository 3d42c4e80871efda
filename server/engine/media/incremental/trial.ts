const sampleBytes = 4096;

/**
 * Whether bytes are packed already, by their content: in pictures, films and archives all bytes are about as frequent. Two
 * samples are looked at, from the middle and from towards the end, since many formats begin with a header in clear.
 */
export function looksPacked(bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (length < 2 * sampleBytes) return length >= 1024 && isEven(bytes, 0, length);
  const middle = (length >> 1) - (sampleBytes >> 1);
  return isEven(bytes, middle, sampleBytes) && isEven(bytes, length - sampleBytes - (length >> 3), sampleBytes);
}

const counts = new Uint16Array(256);

/** Whether a byte value that is drawn twice is the same about as rarely as by chance. */
function isEven(bytes: Uint8Array, from: number, length: number): boolean {
  counts.fill(0);
  for (let at = from; at < from + length; at += 1) counts[bytes[at] as number] = (counts[bytes[at] as number] as number) + 1;
  let pairs = 0;
  for (let value = 0; value < 256; value += 1) pairs += (counts[value] as number) * ((counts[value] as number) - 1);
  return pairs < (1.2 * length * (length - 1)) / 256;
}
