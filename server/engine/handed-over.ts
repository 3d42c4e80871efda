/** Pieces whose memory is nobody's any more but its next reader's. */
const handedOver = new WeakSet<Uint8Array>();

/**
 * Says of a piece, alone in its memory, that whoever gave it looks at it no more: the last one who reads it may free it. A large
 * backup would else leave its size in garbage, for which the collector goes through all that the server holds, over and over.
 */
export function handOver<T extends Uint8Array>(piece: T): T {
  handedOver.add(piece);
  return piece;
}

/** Frees a piece that was handed over; to be called by its last reader. Any other is left alone. */
export function letGo(piece: Uint8Array): void {
  const { buffer } = piece;
  if (handedOver.delete(piece) && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Hands the last part of a piece over in its place: whoever lets go of that has no more use for what came before it. */
export function handOn(piece: Uint8Array, last: Uint8Array): void {
  if (handedOver.delete(piece)) handedOver.add(last);
}

/** Says that a piece has several readers from here on: none of them is its last. */
export function share(piece: Uint8Array): void {
  handedOver.delete(piece);
}
