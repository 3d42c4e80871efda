/** Bytes from `start` to `end`, both inclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The one range that a Range header asks for of so many bytes. Null where the whole is the answer: for another unit, for what is
 * no range, and for several at once, which nobody needs who resumes a download.
 */
export function singleRange(header: string, size: number): Span | "unsatisfiable" | null {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header.trim());
  const [first, last] = [found?.[1] ?? "", found?.[2] ?? ""];
  if (first === "" && last === "") return null;
  const start = first === "" ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return null;
  return start > end ? "unsatisfiable" : { start, end };
}
