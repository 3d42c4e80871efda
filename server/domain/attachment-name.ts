/**
 * A name that is safe to save a file under, whatever the file was called: no line breaks or other control signs, none that turn
 * the direction of what follows (and so hide an ending), no slashes.
 */
export function attachmentName(name: string): string {
  const plain = name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029/\\]/gu, "_")
    .trim();
  return /^\.*$/.test(plain) ? `file${plain}` : plain;
}
