/** Smaller ones may share their memory with others. */
const ownBytes = 16 * 1024;

/**
 * Frees bytes that nobody reads any more, where all of their memory is theirs: the collector, which hears of every megabyte,
 * would go through everything else to find them, and take a tenth of the time of a backup for it.
 */
export function freeMemory(bytes: Uint8Array): void {
  if (isAlone(bytes) && bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
}

/** Whether nothing else of any size lies in the memory of these bytes, as in that which small ones share. */
export const isAlone = ({ buffer, length }: Uint8Array): boolean => length >= ownBytes && buffer.byteLength - length < ownBytes;
