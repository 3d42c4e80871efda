/** Smaller ones may share their memory with others. */
const ownBytes = 16 * 1024;

/**
 * Frees bytes that nobody reads any more, where all of their memory is theirs: the collector, which hears of every megabyte,
 * would go through everything else to find them, and take a tenth of the time of a backup for it.
 */
export function freeMemory({ buffer, length }: Uint8Array): void {
  if (length >= ownBytes && buffer instanceof ArrayBuffer && buffer.byteLength - length < ownBytes) buffer.transfer(0);
}
