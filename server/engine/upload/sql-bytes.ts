const newline = 0x0a;

/** ASCII's spaces. */
export const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
export const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
export const isWord = (byte: number) =>
  isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f || byte >= 0x80;

export const [plain, digit, word, special] = [0, 1, 2, 3] as const;

/** What each byte is among rows. */
export function classesFor(delimiter: number): Uint8Array {
  const classes = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte += 1) classes[byte] = isDigit(byte) ? digit : isWord(byte) ? word : plain;
  for (const byte of [..."'\"`\\/-#()*@"].map((character) => character.charCodeAt(0))) classes[byte] = special;
  classes[delimiter] = special;
  return classes;
}

/** Where the word that begins at `at` ends; a long one is cut, and its rest is passed over. */
export function wordEnd(bytes: Buffer, at: number): number {
  const most = Math.min(bytes.length, at + 64);
  let end = at + 1;
  while (end < most && isWord(bytes[end] ?? 0)) end += 1;
  return end;
}

export const isNull = (bytes: Buffer, at: number, end: number) =>
  end - at === 4 &&
  ((bytes[at] ?? 0) | 0x20) === 0x6e &&
  ((bytes[at + 1] ?? 0) | 0x20) === 0x75 &&
  ((bytes[at + 2] ?? 0) | 0x20) === 0x6c &&
  ((bytes[at + 3] ?? 0) | 0x20) === 0x6c;

/** The next byte that is no space, as far as can be seen. */
export function nextCode(bytes: Buffer, at: number): number {
  let next = at;
  while (next < bytes.length && isSpace(bytes[next] ?? 0)) next += 1;
  return bytes[next] ?? 0;
}

export function spaceEnd(bytes: Buffer): number {
  let end = 0;
  while (end < bytes.length && isSpace(bytes[end] ?? 0)) end += 1;
  return end;
}

export function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
