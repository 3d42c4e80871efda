import { damaged } from "./names.ts";

/** An entry of an archive as its index tells of it. */
export interface IndexEntry {
  /** With its root's prefix, without a slash at its end. */
  readonly path: string;
  readonly kind: "FILE" | "DIRECTORY" | "LINK";
  readonly size: number;
  /** Milliseconds, to the microsecond. */
  readonly mtime: number;
  readonly mode: number;
  /** Of a link. */
  readonly target?: string | undefined;
  /** Of a file: lower-case hex SHA-256 of its content as it stands in the archive. */
  readonly sha256?: string | undefined;
  /** Where it stands in the uncompressed archive: from the first of its headers to behind its padding. */
  readonly at: number;
  readonly end: number;
}

/** Stored and uncompressed size of each frame of the archive, in order; none where it is not compressed. */
export type FrameSizes = readonly (readonly [storedSize: number, size: number])[];

/** An index is JSON lines: an entry each in the archive's order, and the frames at last. */
export const indexLine = (line: IndexEntry | { readonly frames: FrameSizes }) => `${JSON.stringify(line)}\n`;

/** Reads one line; what no Holdfast wrote is ARTIFACT_CORRUPT. */
export function readIndexLine(text: string): IndexEntry | { readonly frames: FrameSizes } {
  const line = parsed(text);
  if (isEntry(line)) return line;
  if (isFrames(line)) return line;
  throw damaged("its index has a line that is none");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged("its index cannot be read", cause);
  }
}

/** By hand, as the entries below: packing would have to load a library of schemas otherwise. */
function isFrames(line: unknown): line is { readonly frames: FrameSizes } {
  if (typeof line !== "object" || line === null || !("frames" in line) || !Array.isArray(line.frames)) return false;
  return line.frames.every(
    (frame: unknown) =>
      Array.isArray(frame) &&
      frame.length === 2 &&
      frame.every((size) => Number.isSafeInteger(size) && size > 0) &&
      frame[1] <= largestFrame,
  );
}
const largestFrame = 64 * 1024 * 1024;

/** By hand: a schema would take minutes over the million lines that an index may have. */
function isEntry(line: unknown): line is IndexEntry {
  if (typeof line !== "object" || line === null || !("path" in line)) return false;
  const entry: { [Key in keyof IndexEntry]?: unknown } = line;
  const { path, kind, size, mtime, mode, target, sha256, at, end } = entry;
  return (
    typeof path === "string" &&
    path !== "" &&
    (kind === "FILE" || kind === "DIRECTORY" || kind === "LINK") &&
    [size, mode, at, end].every((value) => Number.isSafeInteger(value) && Number(value) >= 0) &&
    Number(at) + Number(size) < Number(end) &&
    Number.isFinite(mtime) &&
    (kind === "LINK" ? typeof target === "string" : target === undefined) &&
    (kind === "FILE" ? typeof sha256 === "string" && sha256.length === 64 : sha256 === undefined)
  );
}
