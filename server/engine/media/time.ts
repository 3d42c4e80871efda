/** The microsecond that a time falls into, from the nanoseconds that a file system tells. Microseconds are what a backup keeps. */
export function microsecondsOf(nanoseconds: bigint): number {
  const cut = Number(nanoseconds / 1000n);
  // A division cuts towards zero, so a time before 1970 that is not whole would become a later one.
  return nanoseconds < 0n && nanoseconds % 1000n !== 0n ? cut - 1 : cut;
}

/** Microseconds as the seconds of a pax header: "-14182939.500000". */
export function paxSeconds(microseconds: number): string {
  const distance = Math.abs(microseconds);
  const fraction = String(distance % 1e6).padStart(6, "0");
  return `${microseconds < 0 ? "-" : ""}${Math.floor(distance / 1e6)}.${fraction}`;
}

/**
 * Seconds in the form that sets exactly their microsecond. libuv cuts the number off behind the microsecond, which a binary
 * fraction lies a little below as often as above; and Node takes a number before 1970 for "now", but not a text.
 */
export const settable = (seconds: number): string => String(seconds + halfMicrosecond);

const halfMicrosecond = 0.5e-6;
