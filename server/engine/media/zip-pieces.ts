import type { ZipArchive } from "archiver";

const pieceBytes = 64 * 1024;

/** What archiver's zip writes through: a stream that counts what it was given, since the zip tells where each file begins. */
interface Engine {
  offset: number;
  /** A name in ASCII comes as text. */
  write(chunk: Uint8Array | string): boolean;
  end(): unknown;
}

/**
 * Has a zip written by the 64 KiB. archiver writes it number by number, and the list of all files at its end in one go, with no
 * regard to who reads: 70,000 files held 500 MB in waiting pieces of two and four bytes. It offers no way in, hence the cast.
 */
export function inLargePieces(archive: ZipArchive): ZipArchive {
  const { engine } = (archive as unknown as { readonly _module: { readonly engine: Engine } })._module;
  const [write, end] = [engine.write.bind(engine), engine.end.bind(engine)];
  let [held, length]: [Uint8Array[], number] = [[], 0];
  const flush = () => {
    if (length === 0) return true;
    const piece = Buffer.concat(held, length);
    [held, length] = [[], 0];
    // Counted when they came.
    engine.offset -= piece.length;
    return write(piece);
  };
  engine.write = (chunk) => {
    held.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    length += chunk.length;
    engine.offset += chunk.length;
    return length < pieceBytes || flush();
  };
  engine.end = () => {
    flush();
    return end();
  };
  return archive;
}
